ANSWER = {"pid": 7, "version": "1.2.3", "home": "/h"}


def test_ping_is_answered(cli):
    cli.daemon.answers("ping", {"result": ANSWER})

    assert cli("ping") == 0
    assert cli.out == "pong: pmdaemon 1.2.3, pid 7, home /h\n"


def test_ping_as_json(cli):
    cli.daemon.answers("ping", {"result": ANSWER})

    assert cli("ping", "--json") == 0
    assert cli.json == ANSWER


def test_ping_may_be_told_to_start_nothing(cli_without_daemon):
    cli = cli_without_daemon

    assert cli("ping", "--no-start") == 4
    assert cli.err == f"pmdaemon: no daemon is running in {cli.home.path}\n"

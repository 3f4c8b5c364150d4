import subprocess

from pmdaemon import __version__


def a_pid_that_is_gone():
    program = subprocess.Popen(["true"])
    program.wait()
    return program.pid


def test_update_waits_for_the_next_daemon_and_names_both(cli):
    before = a_pid_that_is_gone()
    cli.daemon.answers("update", {"result": {"pid": before, "version": "0.0.1"}})
    cli.daemon.answers("ping", {"result": {"pid": 7, "version": __version__, "home": "/h"}})

    assert cli("update") == 0
    assert cli.out == f"updated the daemon: 0.0.1 (pid {before}) -> {__version__} (pid 7)\n"


def test_update_as_json(cli):
    before = {"pid": a_pid_that_is_gone(), "version": "0.0.1"}
    now = {"pid": 7, "version": __version__, "home": "/h"}
    cli.daemon.answers("update", {"result": before})
    cli.daemon.answers("ping", {"result": now})

    assert cli("update", "--json") == 0
    assert cli.json == {"before": before, "now": now}

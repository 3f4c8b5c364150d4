import pytest

MADE = {
    "name": "ci",
    "kind": "key",
    "scopes": ["read", "control"],
    "created": 1_700_000_000.0,
    "expires": None,
}


def asked(cli, *arguments):
    cli.daemon.answers("token", {"result": {**MADE, "token": "sesame"}})
    assert cli("token", *arguments) == 0
    return cli.daemon.asked("token")[-1]


def test_a_token_is_all_that_is_printed(cli):
    body = asked(cli)

    assert body == {"scopes": []}
    assert cli.out == "sesame\n"
    assert cli.err == "ci: read, control; expires: never; it is not shown again\n"


def test_a_name_scopes_and_an_expiry_can_be_chosen(cli):
    body = asked(
        cli, "--name", "ci", "--scope", "read", "--scope", "telemetry:3", "--expire-in", "30d"
    )

    assert body == {"name": "ci", "scopes": ["read", "telemetry:3"], "expire_in": 30 * 86400.0}


def test_a_bare_number_is_in_seconds(cli):
    assert asked(cli, "--consumer", "bot", "--expire-in", "3600") == {
        "consumer": "bot",
        "scopes": [],
        "expire_in": 3600.0,
    }


def test_tokens_are_listed(cli):
    consumer = {**MADE, "name": "bot", "kind": "consumer", "expires": 1_700_000_000.0}
    cli.daemon.answers("tokens", {"result": {"tokens": [consumer, MADE]}})

    assert cli("token", "--list") == 0

    lines = [line.split() for line in cli.out.splitlines() if "ci" in line or "bot" in line]
    assert [line[1] for line in lines] == ["bot", "ci"]
    assert "never" in lines[1]


def test_there_may_be_none_to_list(cli):
    cli.daemon.answers("tokens", {"result": {"tokens": []}})

    assert cli("token", "--list") == 0

    assert cli.out == "no tokens; make one with pmdaemon token\n"


def test_a_token_is_revoked(cli):
    cli.daemon.answers("revoke", {"result": {"name": "ci"}})

    assert cli("token", "--revoke", "ci") == 0

    assert cli.daemon.asked("revoke") == [{"name": "ci"}]
    assert cli.out == "revoked ci\n"


def test_a_token_is_rotated_with_an_overlap(cli):
    cli.daemon.answers("rotate", {"result": {**MADE, "token": "mellon"}})

    assert cli("token", "--rotate", "ci", "--overlap", "1h") == 0

    assert cli.daemon.asked("rotate") == [{"name": "ci", "overlap": 3600.0}]
    assert cli.out == "mellon\n"


@pytest.mark.parametrize(
    ("arguments", "verb", "result", "printed"),
    [
        ([], "token", {**MADE, "token": "sesame"}, {**MADE, "token": "sesame"}),
        (["--list"], "tokens", {"tokens": [MADE]}, [MADE]),
        (["--revoke", "ci"], "revoke", {"name": "ci"}, {"name": "ci"}),
    ],
)
def test_programs_get_json(cli, arguments, verb, result, printed):
    cli.daemon.answers(verb, {"result": result})

    assert cli("token", "--json", *arguments) == 0

    assert (cli.json, cli.err) == (printed, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--list", "--revoke", "ci"],
        ["--name", "a", "--consumer", "b"],
        ["--name", "a", "--rotate", "a"],
        ["--list", "--scope", "read"],
        ["--revoke", "ci", "--expire-in", "3"],
        ["--expire-in", "soon"],
    ],
)
def test_wishes_that_exclude_each_other_are_refused(cli, arguments):
    assert cli("token", *arguments) == 2
    assert cli.err.count("\n") == 1

import io

import pytest

ACCOUNT = {
    "id": "a1",
    "email": "jane@example.com",
    "name": "Jane Doe",
    "role": "user",
    "created": 1_700_000_000.0,
    "projects": 2,
}

INVITATION = {
    "id": "i1",
    "email": None,
    "role": "user",
    "created": 1_700_000_000.0,
    "expires": 1_700_600_000.0,
}


API_TOKEN = {
    "id": "t1",
    "name": "laptop",
    "created": 1_700_000_000.0,
    "expires": None,
    "last_used": 1_700_000_000.0,
}


@pytest.fixture
def answers(cli):
    cli.daemon.answers("api_token_add", {"result": {"token": {**API_TOKEN, "token": "pmd_x"}}})
    cli.daemon.answers("api_tokens", {"result": {"tokens": [API_TOKEN]}})
    cli.daemon.answers("api_token_remove", {"result": {}})
    for verb in ("account_add", "account_remove", "account_password", "account_role"):
        cli.daemon.answers(verb, {"result": {"account": ACCOUNT}})
    cli.daemon.answers("accounts", {"result": {"accounts": [ACCOUNT]}})
    cli.daemon.answers("invite", {"result": {"invitation": {**INVITATION, "invitation": "text"}}})
    cli.daemon.answers("invitations", {"result": {"invitations": [INVITATION]}})
    cli.daemon.answers("invitation_remove", {"result": {}})
    return cli


@pytest.fixture
def typed(monkeypatch):
    def typed(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return typed


def test_accounts_are_listed(answers):
    assert answers("user") == 0

    assert "jane@example.com │ Jane Doe │ user │        2" in answers.out
    assert answers("user", "list", "--json") == 0
    assert answers.json == [ACCOUNT]


def test_without_accounts_it_says_how_to_make_one(cli):
    cli.daemon.answers("accounts", {"result": {"accounts": []}})

    assert cli("user") == 0

    assert cli.out == "no accounts; create one with pmdaemon user add\n"


def test_a_password_comes_from_standard_input_and_is_never_printed(answers, typed):
    typed("s3cret password\n")

    assert answers("user", "add", "jane@example.com", "--name", "Jane Doe", "--admin") == 0

    assert answers.out == "added jane@example.com as user\n"
    assert answers.daemon.asked("account_add") == [
        {
            "email": "jane@example.com",
            "name": "Jane Doe",
            "password": "s3cret password",
            "role": "admin",
        }
    ]


def test_a_person_without_a_name_is_called_by_the_address(answers, typed):
    typed("s3cret password\n")

    answers("user", "add", "j@example.com")

    assert answers.daemon.asked("account_add")[0]["name"] == "j."


def test_no_password_is_wrong_usage(answers, typed):
    typed("")

    assert answers("user", "password", "jane@example.com") == 2

    assert answers.err == (
        "pmdaemon: there is no new password for jane@example.com:"
        " type it, or write it to standard input\n"
    )


def test_a_password_is_changed(answers, typed):
    typed("another one\n")

    assert answers("user", "password", "jane@example.com") == 0

    assert answers.out == "jane@example.com has a new password and is signed out\n"
    assert answers.daemon.asked("account_password")[0]["password"] == "another one"


def test_an_account_is_removed_with_its_projects(answers):
    assert answers("user", "remove", "jane@example.com") == 0

    assert answers.out == "removed jane@example.com and 2 projects\n"


def test_a_role_is_one_of_two(answers):
    assert answers("user", "role", "jane@example.com", "admin") == 0
    assert answers.daemon.asked("account_role") == [{"email": "jane@example.com", "role": "admin"}]

    assert answers("user", "role", "jane@example.com", "emperor") == 2


def test_an_invitation_is_all_that_is_printed(answers):
    assert answers("user", "invite", "kim@example.com", "--expire-in", "2d", "--admin") == 0

    assert answers.out == "text\n"
    assert answers.daemon.asked("invite") == [
        {"email": "kim@example.com", "role": "admin", "expire_in": 172800.0}
    ]


def test_invitations_are_listed_and_withdrawn(answers):
    assert answers("user", "invitations") == 0
    assert "anybody" in answers.out

    assert answers("user", "invitations", "--withdraw", "i1") == 0
    assert answers.out == "withdrew i1\n"


def test_what_the_daemon_refuses_is_told(cli):
    cli.refuses("account_remove", "account_not_found", "there is no account x")

    assert cli("user", "remove", "x") == 3
    assert cli.err == "pmdaemon: there is no account x\n"


def test_a_token_is_printed_alone_for_who_puts_it_somewhere(answers):
    line = "user token jane@example.com --name laptop --expire-in 1h"
    assert answers(*line.split()) == 0

    assert answers.out == "pmd_x\n"
    assert answers.daemon.asked("api_token_add") == [
        {"email": "jane@example.com", "name": "laptop", "expire_in": 3600.0}
    ]
    assert answers(*line.split(), "--json") == 0
    assert answers.json["token"] == "pmd_x"


def test_tokens_are_listed_and_revoked(answers):
    assert answers("user", "tokens", "jane@example.com") == 0
    assert "laptop" in answers.out
    assert answers("user", "tokens", "jane@example.com", "--json") == 0
    assert answers.json == [API_TOKEN]

    assert answers("user", "tokens", "jane@example.com", "--revoke", "t1") == 0
    assert answers.out == "revoked t1\n"
    asked = answers.daemon.asked("api_token_remove")
    assert asked == [{"email": "jane@example.com", "id": "t1"}]


def test_without_tokens_it_says_how_to_make_one(cli):
    cli.daemon.answers("api_tokens", {"result": {"tokens": []}})

    assert cli("user", "tokens", "j@example.com") == 0
    assert cli.out.endswith(" has no API tokens; make one with pmdaemon user token j@example.com\n")

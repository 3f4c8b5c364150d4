import io

import pytest

VARIABLE = {"key": "A", "scope": "both", "created": 1.7e9, "updated": 1.7e9}

DOMAIN = {
    "id": "d1",
    "project": "shop",
    "domain": "shop.example.com",
    "verified": False,
    "created": 1.7e9,
    "proof": "pmdaemon-domain=abc",
    "http_url": "http://shop.example.com/.well-known/pmdaemon-domain",
    "txt_name": "_pmdaemon.shop.example.com",
}

WEBHOOK = {
    "id": "w1",
    "project": "shop",
    "provider": "github",
    "branch": "",
    "path": "/api/v1/webhooks/w1/receive",
    "url": None,
    "created": 1.7e9,
}


@pytest.fixture
def answers(cli):
    for verb in ("variables", "variables_set"):
        cli.daemon.answers(verb, {"result": {"variables": [VARIABLE]}})
    for verb in ("domain_add", "domain_verify", "domain_remove"):
        cli.daemon.answers(verb, {"result": {"domain": DOMAIN}})
    cli.daemon.answers("variable_remove", {"result": {}})
    cli.daemon.answers("domains", {"result": {"domains": [DOMAIN]}})
    cli.daemon.answers("webhooks", {"result": {"webhooks": [WEBHOOK]}})
    cli.daemon.answers("webhook_add", {"result": {"webhook": {**WEBHOOK, "secret": "s3cret"}}})
    cli.daemon.answers("webhook_remove", {"result": {}})
    return cli


def test_variables_are_listed_by_name(answers):
    assert answers("project", "env", "list", "shop") == 0

    assert "│ A        │ both" in answers.out


def test_variables_are_set_from_the_command_line_a_file_and_standard_input(
    answers, tmp_path, monkeypatch
):
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("typed\n"))

    line = ["project", "env", "set", "shop", "A=1=2", "E=", "SECRET"]
    assert answers(*line, "--file", str(file), "--scope", "run") == 0

    assert answers.out == "set A\n"
    assert answers.daemon.asked("variables_set") == [
        {
            "project": "shop",
            "variables": {"A": "1=2", "B": "file", "E": "", "SECRET": "typed"},
            "scope": "run",
        }
    ]


def test_nothing_to_set_is_wrong_usage(answers):
    assert answers("project", "env", "set", "shop") == 2


def test_variables_are_removed(answers):
    assert answers("project", "env", "remove", "shop", "A", "B") == 0

    assert answers.out == "removed A, B\n"
    assert [one["key"] for one in answers.daemon.asked("variable_remove")] == ["A", "B"]


def test_a_domain_is_claimed_and_how_it_is_proved_is_said(answers):
    assert answers("project", "domain", "add", "shop", "shop.example.com") == 0

    assert answers.out.splitlines() == [
        "shop.example.com goes live once you have proved that it is yours. Publish",
        "  pmdaemon-domain=abc",
        "at http://shop.example.com/.well-known/pmdaemon-domain",
        (
            "or in the TXT record _pmdaemon.shop.example.com,"
            " then run: pmdaemon project domain verify shop.example.com"
        ),
    ]


def test_a_domain_may_be_trusted(cli):
    cli.daemon.answers("domain_verify", {"result": {"domain": {**DOMAIN, "verified": True}}})

    assert cli("project", "domain", "verify", "shop.example.com", "--trust") == 0

    assert cli.out == "shop.example.com belongs to shop and is live\n"
    assert cli.daemon.asked("domain_verify") == [{"domain": "shop.example.com", "trust": True}]


def test_domains_are_listed_and_removed(answers):
    assert answers("project", "domain", "list") == 0
    assert "│ shop.example.com │ shop    │ no" in answers.out
    assert answers("project", "domain", "remove", "shop.example.com") == 0
    assert answers.out == "removed shop.example.com\n"


def test_a_webhook_is_made_and_its_secret_shown_this_once(answers):
    assert answers("project", "webhook", "add", "shop", "github") == 0

    assert answers.out == "address  /api/v1/webhooks/w1/receive\nsecret   s3cret\n"
    assert answers.err == "the web API is off: turn it on with pmdaemon web --detach\n"
    assert answers("project", "webhook", "add", "shop", "svn") == 2


def test_webhooks_are_listed_and_removed(answers):
    assert answers("project", "webhook", "list", "shop") == 0
    assert "the project's" in answers.out
    assert answers("project", "webhook", "remove", "w1") == 0
    assert answers.out == "removed w1\n"

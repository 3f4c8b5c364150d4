import time
from pathlib import Path

import pytest

from pmdaemon.config.paths import Home


def authority_in(home):
    folder = Path(home.path) / "certificates"
    folder.mkdir(parents=True)
    file = folder / "authority.pem"
    file.write_text("a certificate")
    return file


LISTED = {
    "acme": "https://ca.test/dir",
    "certificates": [
        {
            "host": "a.test",
            "source": "acme",
            "begins": 1.7e9,
            "ends": 1.708e9,
            "fault": "",
            "note": "",
            "refusal": None,
        },
        {
            "host": "b.test",
            "source": "none",
            "begins": None,
            "ends": None,
            "fault": "",
            "note": "ordered",
            "refusal": None,
        },
        {
            "host": "c.test",
            "source": "file",
            "begins": None,
            "ends": None,
            "fault": "it is not for c.test",
            "note": "",
            "refusal": None,
        },
    ],
}


@pytest.fixture
def answers(cli):
    cli.daemon.answers("certificates", {"result": LISTED})
    cli.daemon.answers("certificate_remove", {"result": LISTED})
    cli.daemon.answers("certificate_retry", {"result": LISTED})
    cli.daemon.answers("gateway_on", {"result": {"urls": []}})
    return cli


def test_it_lists_what_hosts_are_served_with(answers):
    file = authority_in(answers.home)

    assert answers("proxy", "certs") == 0

    lines = answers.out.splitlines()
    assert lines[0] == "published names get their certificates from https://ca.test/dir"
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert rows == [
        ["host", "from", "until", "state"],
        ["a.test", "its authority", time.strftime("%Y-%m-%d", time.localtime(1.708e9)), "good"],
        ["b.test", "", "", "missing"],
        ["c.test", "your files", "", "unusable"],
    ]
    assert lines[-4:-1] == [
        "b.test: ordered",
        "c.test: it is not for c.test",
        f"the authority of this home: {file}",
    ]


def test_programs_read_it_too(answers):
    assert answers("proxy", "certs", "--json") == 0

    assert answers.json == {"authority": None, **LISTED}


def test_without_any_it_says_how_to_have_some(cli):
    cli.daemon.answers("certificates", {"result": {"acme": None, "certificates": []}})

    assert cli("proxy", "certs") == 0
    assert cli.out == (
        "there are no certificates (to speak HTTPS: pmdaemon proxy on --https 9643)\n"
    )
    assert cli("proxy", "certs", "--install") != 0
    assert "there are no certificates yet" in cli.err


def test_an_authority_is_asked_by_those_who_agree_to_its_terms(answers):
    assert answers("proxy", "certs", "--acme", "letsencrypt") != 0
    assert "add --agree" in answers.err
    assert answers.daemon.asked("gateway_on") == []

    line = "proxy certs --acme letsencrypt --agree --contact a@b.test --trust /ca.pem"
    assert answers(*line.split()) == 0
    assert answers("proxy", "certs", "--acme", "none") == 0

    assert answers.daemon.asked("gateway_on") == [
        {
            "acme": {
                "directory": "https://acme-v02.api.letsencrypt.org/directory",
                "contact": ["a@b.test"],
                "trusted": "/ca.pem",
            }
        },
        {"acme": None},
    ]


def test_a_certificate_can_be_removed(answers):
    assert answers("proxy", "certs", "--remove", "a.test") == 0

    assert answers.daemon.asked("certificate_remove") == [{"host": "a.test"}]


def test_an_authority_is_asked_again_when_that_is_wanted(answers):
    assert answers("proxy", "certs", "--retry", "b.test") == 0

    assert answers.daemon.asked("certificate_retry") == [{"host": "b.test"}]


@pytest.mark.parametrize("line", ["--contact a@b.test", "--agree", "--trust /x", "--host a.test"])
def test_what_belongs_to_something_else_is_refused_alone(answers, line):
    assert answers("proxy", "certs", *line.split()) != 0

    assert "belong" in answers.err


def test_it_says_how_a_machine_comes_to_trust_it(cli):
    file = authority_in(cli.home)

    assert cli("proxy", "certs", "--install") == 0

    assert f"NODE_EXTRA_CA_CERTS={file}" in cli.out
    assert "and for nothing else" in cli.out


def test_the_lines_to_type_hold_with_a_home_that_has_blanks(cli, tmp_path):
    home = Home(str(tmp_path / "my home"))
    file = authority_in(home)

    assert cli("proxy", "certs", "--install", PMDAEMON_HOME=home.path) == 0
    assert f"NODE_EXTRA_CA_CERTS='{file}'" in cli.out

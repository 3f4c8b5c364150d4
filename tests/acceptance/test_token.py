"""Keys for the web API, made and taken away on the command line."""

import json
import stat

import pytest
import requests

from tests.support.ports import free_port


@pytest.fixture
def url(pmdaemon):
    """An open web side."""
    port = free_port()
    pmdaemon.run("web", "--port", str(port), "--detach")
    return f"http://127.0.0.1:{port}"


def status_of(url, key=None, *, method="GET", path="/api/processes"):
    headers = {"X-API-Key": key} if key else {}
    return requests.request(method, f"{url}{path}", headers=headers, timeout=60).status_code


def test_a_key_opens_the_api_until_it_is_revoked(pmdaemon, url):
    assert status_of(url) == 200
    key = pmdaemon.run("token", "--name", "ci", "--scope", "read").out.strip()

    assert status_of(url) == 401
    assert status_of(url, key) == 200
    assert status_of(url, key, method="POST", path="/api/processes/app/stop") == 403
    assert [one["name"] for one in pmdaemon.run("token", "--list", "--json").json] == ["ci"]

    pmdaemon.run("token", "--revoke", "ci")

    assert status_of(url, key) == 401
    assert status_of(url) == 401


def test_a_key_survives_the_daemon_and_is_in_no_file(pmdaemon, url):
    key = pmdaemon.run("token").out.strip()
    pmdaemon.kill_daemon()

    assert status_of(url, key) == 200

    holding = [
        path
        for path in pmdaemon.home.rglob("*")
        if path.is_file() and key.encode() in path.read_bytes()
    ]
    assert holding == []


def test_a_consumer_gets_a_jwt_that_opens_the_api(pmdaemon, url):
    made = pmdaemon.run("token", "--consumer", "bot", "--expire-in", "3600", "--json").json

    assert made["token"].count(".") == 2
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert requests.get(f"{url}/api/processes", headers=headers, timeout=60).status_code == 200
    secrets = pmdaemon.home / "token-secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600


def test_a_rotated_key_overlaps_with_its_successor(pmdaemon, url):
    former = pmdaemon.run("token", "--name", "ci").out.strip()

    fresh = pmdaemon.run("token", "--rotate", "ci", "--overlap", "1h").out.strip()
    assert [status_of(url, key) for key in (former, fresh)] == [200, 200]

    last = pmdaemon.run("token", "--rotate", "ci", "--overlap", "0s").out.strip()
    assert [status_of(url, key) for key in (former, fresh, last)] == [401, 401, 200]


def test_an_address_that_others_reach_has_a_key_of_its_own(pmdaemon):
    port = free_port()
    first = pmdaemon.run("web", "--host", "0.0.0.0", "--port", str(port), "--detach", "--json").json
    url = f"http://127.0.0.1:{port}"

    key = first["generated_key"]
    assert (pmdaemon.home / "api-key").read_text() == f"{key}\n"
    assert stat.S_IMODE((pmdaemon.home / "api-key").stat().st_mode) == 0o600
    assert (status_of(url), status_of(url, key)) == (401, 200)
    pmdaemon.run("web", "--off")
    again = pmdaemon.run("web", "--host", "0.0.0.0", "--port", str(port), "--detach", "--json").json
    assert again["generated_key"] == key


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--scope", "root"], "not a scope: root (there are "),
        (["--name", "all"], "not a usable name of a token: all"),
        (["--revoke", "nobody"], "no token is called nobody"),
        (["--expire-in", "0"], "a token cannot expire before it is made"),
    ],
)
def test_what_cannot_be_is_one_sentence(pmdaemon, arguments, sentence):
    outcome = pmdaemon.run("token", *arguments, status=None)

    assert outcome.status in {1, 2}
    assert outcome.out == ""
    assert outcome.err.startswith(f"pmdaemon: {sentence}")
    assert outcome.err.count("\n") == 1


def test_changes_over_the_network_are_noted_down(pmdaemon, url):
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    key = pmdaemon.run("token", "--name", "ci", "--scope", "read", "--scope", "control").out.strip()

    status_of(url, key)
    status_of(url, key, method="POST", path="/api/processes/app/restart")
    status_of(url, key, method="DELETE", path="/api/processes/nobody")

    path = pmdaemon.home / "audit.log"
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [
        (one["who"], one["from"], one["method"], one["path"], one["status"]) for one in entries
    ] == [
        ("ci", "127.0.0.1", "POST", "/api/processes/app/restart", 200),
        ("ci", "127.0.0.1", "DELETE", "/api/processes/nobody", 404),
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key not in path.read_text()

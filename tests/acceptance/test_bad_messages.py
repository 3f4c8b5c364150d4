"""What strangers send to the control socket, and to the web side."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

from tests.acceptance.conftest import FOREVER
from tests.support.cli import CommandLine, a_home
from tests.support.ports import free_port
from tests.support.waiting import eventually_sync

HELLO = b'{"pmdaemon": 1, "version": "0"}\n'


@pytest.fixture(scope="module")
def pmdaemon(tmp_path_factory) -> Iterator[CommandLine]:
    """A home with a program, which is to run on as if nothing had been sent."""
    with a_home(tmp_path_factory.mktemp("strangers")) as pmdaemon:
        pmdaemon.run("start", FOREVER, "--name", "witness")
        before = (pmdaemon.daemon, pmdaemon.pid("witness"))
        yield pmdaemon
        assert (pmdaemon.daemon, pmdaemon.pid("witness")) == before
        assert len(pmdaemon.list()) == 1
        log = (pmdaemon.home / "daemon.log").read_text()
        assert "Traceback" not in log


def talk(pmdaemon, sent):
    """Send bytes and nothing more; return the lines that come until the daemon hangs up."""
    # A path in a test's folder may be too long for a socket.
    folder = os.open(pmdaemon.home, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(60)
        stranger.connect(f"/proc/self/fd/{folder}/daemon.sock")
        os.close(folder)
        try:
            stranger.sendall(sent)
            stranger.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it had read enough
        return [json.loads(line) for line in received(stranger).splitlines()]


def received(stranger):
    """Read to the end; a daemon that hangs up on what it did not read resets the connection."""
    parts = []
    with suppress(ConnectionResetError):
        while part := stranger.recv(65536):
            parts.append(part)
    return b"".join(parts)


def request(verb, body):
    return HELLO + json.dumps({"verb": verb, "body": body}).encode() + b"\n"


NO_HELLO = [
    b"\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\0\xff\xfe\n",
    b"[]\n",
    b"{}\n",
    b"[" * 5000 + b"\n",
]

NO_REQUEST = [
    b"\n", b"nonsense\n", b"\xff\xff\n", b"{}\n", b'{"verb": 5, "body": {}}\n',
    b'{"verb": "list", "body": []}\n', b'{"verb": "list"}\n', b"[" * 100_000 + b"\n",
    b'{"verb": "list", "body": {"a": NaN}', b'{"verb": "\\ud800", "body": {}}\n',
]  # fmt: skip


@pytest.mark.parametrize("sent", NO_HELLO, ids=[ascii(sent[:20]) for sent in NO_HELLO])
def test_what_is_no_greeting_is_refused(pmdaemon, sent):
    [refused] = talk(pmdaemon, sent)

    assert refused["error"]["code"] == "protocol_violation"


def test_a_client_of_another_version_is_told_both(pmdaemon):
    [refused] = talk(pmdaemon, b'{"pmdaemon": 99, "version": "9"}\n')

    assert refused["error"]["code"] == "protocol_version"
    assert "version 99" in refused["error"]["message"]


@pytest.mark.parametrize("sent", NO_REQUEST, ids=[ascii(sent[:40]) for sent in NO_REQUEST])
def test_what_is_no_request_is_refused(pmdaemon, sent):
    welcome, *answer = talk(pmdaemon, HELLO + sent)

    assert welcome["pid"] == pmdaemon.daemon
    if sent.endswith(b"\n"):
        assert answer[0]["error"]["code"] in {"protocol_violation", "unknown_verb"}
        assert answer[0]["error"]["message"].isprintable()
    else:
        assert answer == []


SLEEP = {"target": "sleep 9", "cwd": "/", "environment": {"PATH": "/usr/bin:/bin"}}
APP = {"name": "app", "script": "sleep 9"}

BODIES = [
    ("stop", {}),
    ("stop", {"selectors": "witness"}),
    ("stop", {"selectors": [5]}),
    ("stop", {"selectors": [""]}),
    ("list", {"selectors": {}}),
    ("flush", {"selectors": None}),
    ("start", {}),
    ("start", {"target": "sleep 9"}),
    *(
        ("start", SLEEP | wrong)
        for wrong in (
            {"target": "sleep 9\0"},
            {"target": 5},
            {"cwd": "/\0"},
            {"cwd": "nowhere"},
            {"environment": {"A": 5}},
            {"environment": {"PATH": "/bin", "A=B": "c"}},
            {"environment": {"PATH": "/bin", "A": "\0"}},
            {"options": {"name": "a\0b"}},
            {"apps": {}},
            {"apps": [5]},
            {"apps": [{}]},
            {"existing": "perhaps"},
        )
    ),
    *(
        ("start", SLEEP | {"apps": [APP | wrong]})
        for wrong in (
            {"name": "a\0b"},
            {"name": "x" * 10_000},
            {"name": "../x"},
            {"name": 5},
            {"script": "sleep\0"},
            {"instances": 1e9},
            {"env": {"A": {}}},
            {"env": {"A": "\0"}},
            {"kill_timeout": float("nan")},
            {"restart_delay": float("inf")},
            {"max_memory_restart": -1},
            {"port": 99_999},
        )
    ),
    *(
        ("web", {"host": "127.0.0.1", "port": 9615, "detach": True} | wrong)
        for wrong in ({"port": 99_999}, {"port": -1}, {"host": "\0"}, {"host": "x" * 10_000})
    ),
]


@pytest.mark.parametrize(("verb", "body"), BODIES, ids=[f"{v} {b!s:.60}" for v, b in BODIES])
def test_a_body_that_cannot_be_is_refused(pmdaemon, verb, body):
    _, *answer = talk(pmdaemon, request(verb, body))

    [refused] = answer
    assert refused["error"]["code"] != "internal_error"
    assert refused["error"]["message"].isprintable()


def test_a_message_that_is_too_large_is_refused(pmdaemon):
    _, refused = talk(pmdaemon, HELLO + b'{"verb": "' + b"x" * (17 * 1024 * 1024) + b'"}\n')

    assert "larger than" in refused["error"]["message"]


def test_half_a_message_is_none(pmdaemon):
    assert talk(pmdaemon, b'{"pmdaemon": ') == []
    assert len(talk(pmdaemon, HELLO + b'{"verb": "kill", "bo')) == 1


def test_the_socket_is_for_its_user_alone(pmdaemon):
    assert (pmdaemon.home / "daemon.sock").stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def url(pmdaemon):
    port = free_port()
    options = ("--api-key", "sesame", "--rate-limit", "off")
    pmdaemon.run("web", "--port", str(port), *options, "--detach")
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def site(url):
    with requests.Session() as session:
        session.headers["X-API-Key"] = "sesame"

        def ask(method, path, **more):
            return session.request(method, url + path, timeout=60, **more)

        yield ask


ROUTES = [
    ("GET", "/nowhere", 404, None), ("GET", "/api/nowhere", 404, None),
    ("GET", "/api/processes/nobody", 404, "PROCESS_NOT_FOUND"),
    ("GET", "/api/processes/99", 404, "PROCESS_NOT_FOUND"),
    ("GET", "/api/processes/%00", 404, "PROCESS_NOT_FOUND"),
    ("GET", "/api/processes/..%2f..%2fetc%2fpasswd", 404, "PROCESS_NOT_FOUND"),
    ("GET", "/api/processes/%ff", 404, None),
    ("GET", "/api/processes/" + "x" * 5000, 404, "PROCESS_NOT_FOUND"),
    ("GET", "/api/processes/nobody/logs", 404, "PROCESS_NOT_FOUND"),
    ("POST", "/api/processes/nobody/stop", 404, "PROCESS_NOT_FOUND"),
    ("POST", "/api/processes/all/stop", 404, "PROCESS_NOT_FOUND"),
    ("DELETE", "/api/processes/nobody", 404, "PROCESS_NOT_FOUND"),
    ("DELETE", "/api/processes", 405, "METHOD_NOT_ALLOWED"),
    ("PUT", "/api/processes/witness", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/api/processes/witness/stop", 405, "METHOD_NOT_ALLOWED"),
    ("POST", "/api/status", 405, "METHOD_NOT_ALLOWED"),
    ("PATCH", "/api/status", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/api/processes/witness/logs?lines=many", 400, None),
    ("GET", "/api/processes/witness/logs?lines=-1", 400, None),
    ("GET", "/api/processes/witness/logs?type=neither", 400, None),
    ("GET", "/api/processes?status=confused", 400, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "code"), ROUTES, ids=[f"{m} {p:.50}" for m, p, *_ in ROUTES]
)
def test_a_request_for_what_is_not_there_is_refused_in_json(site, method, path, status, code):
    answer = site(method, path)

    assert answer.status_code == status
    body = answer.json()
    assert body["success"] is False
    assert code in {None, body["error"]["code"]}
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"null", "application/json"),
        (b"\xff\xfe", "text/plain"),
    ],
)
def test_a_body_that_is_no_json_does_no_harm(site, content, kind):
    answer = site(
        "POST", "/api/processes/nobody/restart", data=content, headers={"Content-Type": kind}
    )

    assert answer.status_code in {400, 404}
    assert answer.json()["success"] is False


def test_a_body_that_is_too_large_is_refused(site):
    answer = site("POST", "/api/processes/nobody/stop", data=b"x" * 20_000_000)

    assert answer.status_code in {404, 413}
    assert answer.json()["success"] is False


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}, {"X-API-Key": "sesame2"},
        {"Authorization": "Bearer"}, {"Authorization": "Bearer wrong"}, {"Authorization": "sesame"},
        {"Authorization": "Basic c2VzYW1lOnNlc2FtZQ=="}, {"X-API-Key": "\u00e9".encode("latin-1")},
    ],
    ids=str,
)  # fmt: skip
def test_a_missing_or_wrong_key_opens_nothing(pmdaemon, url, headers):
    before = pmdaemon.pid("witness")

    for method, path in (
        ("GET", "/api/processes"),
        ("POST", "/api/processes/witness/restart"),
        ("DELETE", "/api/processes/witness"),
        ("GET", "/api/nowhere"),
    ):
        answer = requests.request(method, url + path, headers=headers, timeout=60)

        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "UNAUTHORIZED"
    assert pmdaemon.pid("witness") == before


@pytest.mark.parametrize(
    "sent",
    [b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
     b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
     b"GET / HTTP/1.1\r\nA: " + b"x" * 100_000 + b"\r\n\r\n",
     b"POST /api/processes HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
     b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nx"],
    ids=lambda sent: ascii(sent[:30]),
)  # fmt: skip
def test_what_is_no_http_is_hung_up_on(site, url, sent):
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60) as raw:
        with suppress(ConnectionError):  # it had read enough
            raw.sendall(sent)
        status = raw.recv(4096).split(b" ", 2)[1]

    assert status.startswith(b"4")
    eventually_sync(lambda: site("GET", "/api/status").status_code == 200)

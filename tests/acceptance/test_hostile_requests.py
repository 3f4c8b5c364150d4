"""What strangers may send, in bulk and in bad faith, and how everybody else fares meanwhile."""

import http.client
import json
import resource
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.cli import a_home
from tests.support.ports import free_port
from tests.support.running import is_alive

MEGABYTE = 1024 * 1024

KEY = {"X-API-Key": "sesame"}

IDLE_SOCKETS = 10_000

SLOWEST = 20.0
"""Seconds in which an honest client is answered, whatever goes on; on a busy machine."""

SPAN = 10.0
"""Seconds in which an address has 20 guesses."""


class Target:
    """A daemon with a program and two keys' worth of web side, under attack."""

    def __init__(self, pmdaemon, port):
        self.pmdaemon = pmdaemon
        self.port = port
        self.daemon = pmdaemon.daemon
        self.program = pmdaemon.pid("app")

    def ask(self, method="GET", path="/api/processes/app", headers=KEY, body=None, source=None):
        """Ask as an honest client would; give the status and what was answered."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=source and (source, 0)
        )
        with closing(connection):
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null"), answer.headers

    def send(self, data):
        """Send bytes, and read until the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            with suppress(ConnectionError):
                connection.sendall(data)
            received = b""
            with suppress(ConnectionError):
                while chunk := connection.recv(65536):
                    received += chunk
        return received

    @property
    def resident(self):
        status = Path(f"/proc/{self.daemon}/status").read_text()
        return 1024 * int(status.partition("VmRSS:")[2].split()[0])

    def is_unharmed(self):
        status, process, _ = self.ask()
        return status == 200 and process["pid"] == self.program and is_alive(self.daemon)


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    with a_home(tmp_path_factory.mktemp("hostile")) as pmdaemon:
        pmdaemon.run("start", FOREVER, "--name", "app")
        port = free_port()
        pmdaemon.run(
            *("web", "--port", str(port), "--rate-limit", "off", "--detach"),
            PMDAEMON_API_KEY=KEY["X-API-Key"],
        )
        yield Target(pmdaemon, port)


@pytest.fixture(autouse=True)
def nothing_is_harmed(target):
    yield
    assert target.is_unharmed()


HOST = b"Host: localhost\r\nX-API-Key: sesame\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n", 431),
        (b"POST /api/processes/app/restart HTTP/1.1\r\n" + HOST
         + b"Content-Length: 99999999999\r\n\r\n{", 413),
        (b"POST /api/processes/app/restart HTTP/1.1\r\n" + HOST
         + b"Connection: close\r\nContent-Length: 2000000\r\n\r\n" + b" " * 2_000_000, 413),
        (b"\x00" * 1000, 400),
        (b"\x16\x03\x01" + b"\xff" * 500, 400),
        (b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", 400),
        (b"POST /api/processes/app/stop HTTP/1.1\r\n" + HOST
         + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET", 400),
        (b"POST /api/processes/app/stop HTTP/1.1\r\n" + HOST
         + b"Content-Length: 0\r\nContent-Length: 40\r\n\r\nGET /api HTTP/1.1\r\n\r\n", 400),
        (b"GET /api/processes HTTP/1.1\r\n" + HOST
         + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n", 400),
        (b"GET /api/processes/..%2f..%2f..%2fetc%2fpasswd HTTP/1.0\r\n" + HOST + b"\r\n", 404),
        (b"GET /api/../../../etc/passwd HTTP/1.0\r\n" + HOST + b"\r\n", 404),
        (b"DELETE /api/status HTTP/1.0\r\n" + HOST + b"\r\n", 405),
        (b"TRACE / HTTP/1.0\r\n" + HOST + b"\r\n", 405),
        (b"CONNECT localhost:22 HTTP/1.0\r\n" + HOST + b"\r\n", None),
    ],
)  # fmt: skip
def test_a_request_of_ill_will_is_refused_in_json(target, request_bytes, status):
    answer = target.send(request_bytes)

    head, _, body = answer.partition(b"\r\n\r\n")
    answered = int(head.split(b" ")[1])
    assert 400 <= answered < 500
    assert status in {None, answered}
    assert body.count(b'"success"') <= 1  # one request, one answer
    if body:
        assert json.loads(body)["success"] is False


@contextmanager
def many_sockets(count):
    """Hold so many sockets together, where anybody may have as many, and close them at the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this machine lets nobody have {count} sockets")
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with ExitStack() as stack:
            yield stack
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_comes_letter_by_letter_holds_nobody_up(target):
    with many_sockets(300) as stack:
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", target.port)))
            for _ in range(300)
        ]
        for connection in slow:
            connection.send(b"POST /api/processes/app/restart HTTP/1.1\r\n" + HOST)
        for connection in slow[:100]:
            connection.send(b"Content-Length: 100\r\n\r\n{")
        begun = time.perf_counter()

        assert target.is_unharmed()

        assert time.perf_counter() - begun < SLOWEST


@pytest.mark.slow
def test_ten_thousand_idle_sockets_take_nobodys_place(target):
    before = target.resident
    slowest = 0.0
    with many_sockets(IDLE_SOCKETS) as stack:
        for number in range(IDLE_SOCKETS):
            stack.enter_context(socket.create_connection(("127.0.0.1", target.port)))
            if number % 1000 == 999:
                begun = time.perf_counter()
                assert target.is_unharmed()
                slowest = max(slowest, time.perf_counter() - begun)
        descriptors = len(list(Path(f"/proc/{target.daemon}/fd").iterdir()))

    assert slowest < SLOWEST
    assert descriptors < 700
    assert target.resident - before < 40 * MEGABYTE


def test_memory_is_flat_over_thousands_of_bad_requests(target):
    noise = (
        b"POST /api/processes/app/restart HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\n{]}{]"
    )
    target.send(b"GET / HTTP/1.0\r\n\r\n")

    def attack(times):
        with socket.create_connection(("127.0.0.1", target.port), timeout=60) as connection:
            for _ in range(times):
                connection.sendall(noise)
                while b"INVALID_REQUEST" not in connection.recv(65536):
                    pass

    attack(200)
    before = target.resident
    attackers = [threading.Thread(target=attack, args=(500,)) for _ in range(4)]
    for attacker in attackers:
        attacker.start()
    for attacker in attackers:
        attacker.join()

    assert target.resident - before < 8 * MEGABYTE


def a_websocket(target):
    """Open one, with the key; give the connection, of which nothing has been read behind that."""
    connection = socket.create_connection(("127.0.0.1", target.port), timeout=60)
    connection.sendall(
        b"GET /ws HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert connection.recv(12) == b"HTTP/1.1 101"
    return connection


def a_frame(payload, opcode=0x1):
    """Make a frame as a client does, masked by zeros (RFC 6455, 5.2)."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + size + bytes(4) + payload


@pytest.mark.parametrize(
    "frame",
    [
        a_frame(b'{"type": "ping"}'),
        a_frame(b'{"type": "subscribe", "data": {"processes": ["app"], "lines": 1000}}'),
        a_frame(b'{"type": "auth", "data": {"key": "guess"}}'),
        a_frame(b"[" * 60_000),
        a_frame(b"are you there", opcode=0x9),
    ],
    ids=["messages", "subscriptions", "keys", "nonsense", "pings"],
)
def test_a_flood_over_websockets_takes_nobodys_place(target, frame):
    """Nothing of the answers is read, so the daemon has to stop taking, and not to gather."""
    before, slowest = target.resident, 0.0
    flood = frame * (MEGABYTE // len(frame))

    with ExitStack() as stack:
        floods = [stack.enter_context(closing(a_websocket(target))) for _ in range(8)]
        for one in floods:
            one.setblocking(False)
        for _ in range(20):
            for one in floods:
                with suppress(BlockingIOError, ConnectionError):
                    one.send(flood)
            begun = time.perf_counter()
            assert target.is_unharmed()
            slowest = max(slowest, time.perf_counter() - begun)
        grown = target.resident - before

    assert slowest < SLOWEST
    assert grown < 24 * MEGABYTE


def test_websockets_by_the_thousand_take_nobodys_place(target):
    before = target.resident

    with many_sockets(1000) as stack:
        for number in range(1000):
            stack.enter_context(closing(a_websocket(target)))
            if number % 200 == 199:
                begun = time.perf_counter()
                assert target.is_unharmed()
                assert time.perf_counter() - begun < SLOWEST
        grown = target.resident - before

    assert grown < 60 * MEGABYTE


@pytest.fixture
def limited(target):
    """The same web side with its usual limits, for as long as a test lasts."""
    on = ("web", "--port", str(target.port), "--detach")
    key = {"PMDAEMON_API_KEY": KEY["X-API-Key"]}
    target.pmdaemon.run(*on, **key)
    yield target
    target.pmdaemon.run(*on, "--rate-limit", "off", **key)


@pytest.mark.parametrize("path", ["/api/status", "/api/processes", "/nowhere"])
def test_keys_cannot_be_guessed_at_speed_and_nobody_else_has_to_wait(limited, path):
    source = f"127.0.1.{len(path)}"
    begun = time.monotonic()
    guesses = [
        limited.ask(path=path, headers={"X-API-Key": f"guess {number}"}, source=source)
        for number in range(60)
    ]
    spans = 1 + (time.monotonic() - begun) // SPAN

    statuses = [status for status, _, _ in guesses]
    assert statuses[:20] == [401] * 20
    assert statuses.count(401) <= 20 * spans
    refused = [(body, headers) for status, body, headers in guesses if status == 429]
    assert len(refused) == 60 - statuses.count(401) > 0
    body, headers = refused[-1]
    assert body["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(headers["Retry-After"]) <= 60
    # The load balancer on that address has the right key, and another address is not concerned.
    assert limited.ask(path="/api/status", source=source)[0] == 200
    assert limited.ask(source="127.0.2.1")[0] == 200


@pytest.fixture(scope="module")
def open_target(tmp_path_factory):
    with a_home(tmp_path_factory.mktemp("open")) as pmdaemon:
        pmdaemon.run("start", FOREVER, "--name", "app")
        port = free_port()
        pmdaemon.run("web", "--port", str(port), "--rate-limit", "off", "--detach")
        yield Target(pmdaemon, port)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/api/processes/app/stop", {"Origin": "https://evil.example.com"}),
        ("POST", "/api/processes/app/stop", {"Origin": "null"}),
        ("POST", "/api/processes/app/stop", {"Host": "evil.example.com"}),
        ("DELETE", "/api/processes/app", {"Host": "localhost.evil.example.com"}),
        ("GET", "/api/processes", {"Host": "rebound.example.com:9615"}),
        ("GET", "/", {"Host": "rebound.example.com"}),
        ("OPTIONS", "/api/processes/app/stop",
         {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}),
    ],
)  # fmt: skip
def test_a_foreign_page_does_nothing_to_an_open_server(open_target, method, path, headers):
    status, body, answered = open_target.ask(method, path, headers)

    assert (status, body["error"]["code"]) == (403, "PERMISSION_DENIED")
    assert "Access-Control-Allow-Origin" not in answered
    assert open_target.ask(headers={})[1]["pid"] == open_target.program

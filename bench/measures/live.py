import os
import resource
import selectors
import signal
import socket
import time
from collections.abc import Sequence

from bench.figures import Figure
from bench.managers import Pair, python_program, sleepers, web_address
from bench.system import BenchFailed, cpu_seconds, memory, wait_for

CLIENTS = 1000
PROCESSES = 100
SETTLING = 5.0
DURATION = 30.0
CHANGES = 20

_HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)

_PING = b"\x89\x00"  # no text of JSON has the first of these bytes
_PONG = b"\x8a\x80\x00\x00\x00\x00"


def measure(pair: Pair, effort: float) -> list[Figure]:
    """CPU with 1,000 WebSocket clients and 100 processes, and how soon all of them see a crash."""
    ours = pair.ours
    crasher = python_program("crasher", "stamp.py", os.devnull, max_restarts=10_000)
    ours.start([*sleepers(PROCESSES - 1), crasher])
    port = int(web_address(ours).rsplit(":", 1)[1])
    without = memory(ours.daemon()[:1])["Pss"]
    audience = Audience(port, CLIENTS)
    try:
        audience.listen(SETTLING)
        daemon = ours.daemon()[:1]
        held = memory(daemon)["Pss"] - without
        before, began = cpu_seconds(daemon), time.monotonic()
        audience.listen(DURATION * effort)
        used = (cpu_seconds(daemon) - before) / (time.monotonic() - began) * 100
        seen = [_crash_seen(pair, audience) for _ in range(round(CHANGES * effort) or 1)]
    finally:
        audience.close()
    return [
        Figure(f"{CLIENTS} live clients: CPU", "% of a core", [used], limit=10),
        Figure("a crash seen by the first of them", "ms", [first for first, _ in seen], limit=100),
        Figure("a crash seen by all of them", "ms", [last for _, last in seen], limit=250),
        Figure("memory a live client takes", "kB", [held / CLIENTS / 1024]),
    ]


def _crash_seen(pair: Pair, audience: "Audience") -> tuple[float, float]:
    """Kill a program; return the milliseconds until the first and the last client know."""
    program, *_ = wait_for(
        lambda: [one for one in pair.ours.programs() if "stamp.py" in " ".join(one.cmdline())],
        "the program to be up",
    )
    killed = time.monotonic()
    program.send_signal(signal.SIGKILL)
    times = audience.hear(b'"event": "crashed"')
    audience.listen(1.5)
    return (min(times) - killed) * 1000, (max(times) - killed) * 1000


class Audience:
    """Many clients of `/ws` in one process: they read, and look for a word."""

    def __init__(self, port: int, count: int) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
        self._selector = selectors.DefaultSelector()
        self._sockets = [self._joined(port) for _ in range(count)]

    def close(self) -> None:
        """Leave, all of them."""
        for one in self._sockets:
            one.close()
        self._selector.close()

    def listen(self, seconds: float) -> None:
        """Read whatever comes, for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)

    def hear(self, word: bytes, within: float = 10.0) -> Sequence[float]:
        """Wait until everybody was sent a word; return when each was."""
        heard: dict[socket.socket, float] = {}
        until = time.monotonic() + within
        while len(heard) < len(self._sockets):
            if time.monotonic() > until:
                raise BenchFailed(f"only {len(heard)} of {len(self._sockets)} clients were told")
            for one, data in self._read(0.1):
                if word in data:
                    heard.setdefault(one, time.monotonic())
        return list(heard.values())

    def _read(self, seconds: float) -> list[tuple[socket.socket, bytes]]:
        found = []
        for key, _ in self._selector.select(seconds):
            one: socket.socket = key.data
            data = one.recv(1 << 20)
            if not data:
                raise BenchFailed("the daemon has hung up on a client")
            if _PING in data:
                one.send(_PONG)
            found.append((one, data))
        return found

    def _joined(self, port: int) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", port), timeout=10)
        one.sendall(_HANDSHAKE.format(port=port).encode())
        answer = one.recv(1 << 16)
        if not answer.startswith(b"HTTP/1.1 101"):
            raise BenchFailed(f"no WebSocket: {answer[:200]!r}")
        one.settimeout(0)
        self._selector.register(one, selectors.EVENT_READ, one)
        return one

"""TCP ports for tests: which nobody has, and who listens."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

# Below the ports that Linux gives to whoever connects (ip_local_port_range, ip(7)): one of those
# may be somebody else's by the time that a program listens on it.
_FIRST, _LAST = 10_100, 32_000
_WORKERS = 8


def _own_share() -> Iterator[int]:
    """Tell the ports of this test worker, again and again, so that no other worker takes one."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    size = (_LAST - _FIRST) // _WORKERS
    start = _FIRST + worker * size
    at = random.randrange(size)  # suites may run beside each other
    while True:
        yield start + at
        at = (at + 1) % size


_share = _own_share()


def free_port() -> int:
    """Find a port that nobody listens on, and that this worker did not name lately."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """Find so many ports in a row that nobody listens on, and return the first one."""
    while True:
        ports = [next(_share) for _ in range(count)]
        if ports[-1] - ports[0] == count - 1 and all_free(ports):
            return ports[0]


def all_free(ports: list[int]) -> bool:
    """Tell whether nobody has any of these ports."""
    try:
        with ExitStack() as stack:
            for port in ports:
                probe = stack.enter_context(closing(socket.socket()))
                probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def has_ipv6() -> bool:
    """Tell whether this machine can be reached at ::1, as few containers can."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def answers(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=60).close()
    except OSError:
        return False
    return True

"""Whether a TCP port of this machine can be listened on.

The only sure way to know is to take it, for an instant, as a server would: by binding. With
SO_REUSEADDR connections of an earlier server that linger in TIME_WAIT are no hindrance, and on
Linux a socket that listens still is. We bind without listening, so nobody can connect to us by
mistake. A port counts as free only when both families have it, because many servers take `::` and
others `0.0.0.0`; a machine without IPv6 is asked for IPv4 alone. The loopback addresses are asked
for as well: BSD systems let one bind the wildcard beside a server that listens on just those.
"""

import errno
import socket

_ADDRESSES = (
    (socket.AF_INET, "0.0.0.0"),  # noqa: S104 - bound, never listened on
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET6, "::"),
    (socket.AF_INET6, "::1"),
)
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_SUCH_FAMILY = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})

CONNECT_PATIENCE = 0.05
"""Seconds; nothing is asked over a network."""


class BindingTcpProbe:
    """Looks at TCP ports by binding them."""

    def is_free(self, tcp_port: int) -> bool:
        """Whether a program could listen on this port now."""
        return all(_can_bind(family, host, tcp_port) for family, host in _ADDRESSES)

    def accepts(self, tcp_port: int) -> bool:
        """Whether a connection to this port is accepted now, on a loopback address."""
        return any(_can_connect(family, host, tcp_port) for family, host in _LOOPBACK)


def _can_connect(family: int, host: str, tcp_port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # Of a listener that is there, the kernel accepts at once, or not before it is too busy.
            probe.settimeout(CONNECT_PATIENCE)
            probe.connect((host, tcp_port))
    except OSError:
        return False
    return True


def _can_bind(family: int, host: str, tcp_port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, tcp_port))
    except OSError as error:
        return error.errno in _NO_SUCH_FAMILY
    return True

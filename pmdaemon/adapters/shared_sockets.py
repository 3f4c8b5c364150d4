"""Sockets that the instances of an app listen on together, kept by the keeper.

As the keeper and the instances have copies, closing ours would not end the listening. Shutting it
down does, for all of them at once.

When the keeper was killed together with the daemon, only the instances have it still. A daemon that
cannot listen, as they do, has it copied from them (`program_listeners`).
"""

import errno
import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.core.errors import TcpPortTaken

PREFIX = "shared "
BACKLOG = 511
"""Connections that may wait; Node's own number. The kernel has its own bound (somaxconn)."""

THEIR_OWN = (
    "its instances do, and this system does not let us copy their socket"
    " (kernel.yama.ptrace_scope); restart it"
)
"""Why a port cannot be had where even the keeper was killed."""

Key = tuple[str, str | None, int]
"""The app, the host or None for all addresses, and the TCP port."""


class TcpSharedSockets:
    """Listens for apps, and finds what a former daemon listened on."""

    def __init__(
        self, keeper: KeeperLink, *, left: Callable[[str, str | None, int], socket.socket | None]
    ) -> None:
        self._keeper = keeper
        self._left = left
        self._sockets: dict[Key, socket.socket] = {}
        for name in keeper.names(PREFIX):
            if (descriptor := keeper.take(name)) is not None:
                app, host, tcp_port = json.loads(name.removeprefix(PREFIX))
                self._sockets[app, host, tcp_port] = socket.socket(fileno=descriptor)

    def open(self, app: str, host: str | None, tcp_port: int, *, blocking: bool = True) -> int:
        """Listen, or find what listens already; see `SharedSockets`."""
        key = app, host, tcp_port
        if (known := self._sockets.get(key)) is None:
            known = self._sockets[key] = self._listen(key)
            self._keeper.keep(_name(key), known.fileno())
        if not blocking:
            # It holds for every copy (fcntl(2)). Never the other way round: a program that needs
            # it by descriptor 3 sees to that itself.
            os.set_blocking(known.fileno(), False)
        return known.fileno()

    def _listen(self, key: Key) -> socket.socket:
        _, host, tcp_port = key
        try:
            return _listening(host, tcp_port)
        except (OSError, ValueError) as error:
            try:
                left = self._left(*key) if _is_taken(error) else None
            except PermissionError as denied:
                raise _refused(key, error, reason=THEIR_OWN) from denied
            if left is None:
                raise _refused(key, error) from error
            return left

    def has_any(self, app: str) -> bool:
        """Whether there is one of this app."""
        return any(name == app for name, _, _ in self._sockets)

    def close(self, app: str) -> None:
        """Stop listening: when this returns, connections are refused."""
        for key in [key for key in self._sockets if key[0] == app]:
            listener = self._sockets.pop(key)
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            self._keeper.drop(_name(key))


def _name(key: Key) -> str:
    return PREFIX + json.dumps(key)


def _listening(host: str | None, tcp_port: int) -> socket.socket:
    if host is not None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, tcp_port), family=family, backlog=BACKLOG)
    if socket.has_dualstack_ipv6():
        with suppress(OSError):
            return socket.create_server(
                ("", tcp_port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True
            )
    # Without IPv6; and it says best why a port cannot be had.
    return socket.create_server(("", tcp_port), backlog=BACKLOG)


def _is_taken(error: OSError | ValueError) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EADDRINUSE


def _refused(key: Key, error: OSError | ValueError, *, reason: str | None = None) -> TcpPortTaken:
    app, host, tcp_port = key
    number = error.errno if isinstance(error, OSError) else None
    name = errno.errorcode.get(number or 0, "EINVAL")
    where = f"{host}, port {tcp_port}" if host is not None else f"port {tcp_port}"
    if reason is None and _is_taken(error):
        reason = "another program listens there"
    elif reason is None:
        reason = os.strerror(number).lower() if number else str(error)
    return TcpPortTaken(
        f"cannot listen on {where} for {app}: {reason}", port=tcp_port, owner=None, errno=name
    )

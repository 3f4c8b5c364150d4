"""One address that the gateway listens on, kept while one daemon is replaced by the next."""

import asyncio
import resource
import socket
from collections.abc import Callable, Sequence
from ssl import SSLContext

from pmdaemon.engine.interfaces import DescriptorStore
from pmdaemon.server.http.listeners import BACKLOG, KeptListeners, accept_no_more, port_of

HANDSHAKE_SECONDS = 10.0

CONNECTIONS_AT_ONCE = 8192
"""More wait in the queue of the kernel; where the daemon may have few descriptors, a third of them.

Each takes one more for its target.
"""


class Front:
    """Listeners, and what serves the connections they take."""

    def __init__(self, listeners: KeptListeners) -> None:
        self._listeners = listeners
        self._servers: list[asyncio.Server] = []

    @classmethod
    async def open(
        cls,
        host: str,
        tcp_port: int,
        serve: Callable[[], asyncio.BaseProtocol],
        keeper: DescriptorStore,
        *,
        whose: str,
        tls: SSLContext | None = None,
    ) -> "Front":
        """Listen, and serve.

        Raises:
            AddressUnusable: nothing is bound.

        """
        front = cls(await KeptListeners.open(host, tcp_port, keeper, whose=whose))
        loop = asyncio.get_running_loop()
        handshake = HANDSHAKE_SECONDS if tls is not None else None
        for listener in front._listeners.sockets:
            server = await loop.create_server(
                serve, sock=listener, backlog=BACKLOG, ssl=tls, ssl_handshake_timeout=handshake
            )
            front._servers.append(server)
        return front

    @property
    def listeners(self) -> Sequence[socket.socket]:
        """The sockets that it takes connections from."""
        return self._listeners.sockets

    @property
    def tcp_port(self) -> int:
        """The port that is really listened on."""
        return port_of(self._listeners.sockets[0])

    def forget(self) -> None:
        """Have nobody listen in our place."""
        self._listeners.forget()

    def close(self) -> None:
        """Listen no more ourselves; what the keeper has, the next daemon listens on."""
        for server in self._servers:
            server.close()
        self._listeners.close()


async def shut(fronts: Sequence[Front]) -> None:
    """Have nobody listen there any more; connections that were taken go on."""
    try:
        await leave_in_queue(fronts)
    finally:
        for front in fronts:
            front.forget()
            front.close()


async def leave_in_queue(fronts: Sequence[Front]) -> None:
    """Take no more connections, for the next daemon to find them; see `accept_no_more`."""
    await accept_no_more(listener for front in fronts for listener in front.listeners)


def most_connections() -> int:
    """Say how many clients may be connected at a time."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return CONNECTIONS_AT_ONCE
    return min(CONNECTIONS_AT_ONCE, descriptors // 3)

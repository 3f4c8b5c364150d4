"""The web server, loaded when it is first turned on: aiohttp costs 15 MB and 0.2 s.

Programs that are started with the daemon know its address and ask at once. So it is bound before
them, and who comes early waits in the queue of the kernel until the rest is there.
"""

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.daemon import lean
from pmdaemon.engine.interfaces import DescriptorStore, WebSettings

LISTENER = "web "
"""How the names begin under which its listeners are kept."""

if TYPE_CHECKING:
    from pmdaemon.engine.engine import Engine
    from pmdaemon.server.http.app import HttpServer


CLAIM_PATIENCE = 10.0
"""Seconds in which a command that had the web side on with a former daemon is back."""


def release_unclaimed(keeper: KeeperLink) -> None:
    """Listen no more where a former daemon did for a command that has not come back.

    Until then who connects waits; for ever would be too long.
    """
    for name in keeper.names(LISTENER):
        keeper.drop(name)


class _BoundEarly:
    """A `DescriptorStore` that has listeners of its own to be taken, beside what is kept."""

    def __init__(self, keeper: DescriptorStore) -> None:
        self._keeper = keeper
        self._own: dict[str, int] = {}

    async def bind(self, host: str, tcp_port: int) -> None:
        """Listen there, until somebody takes that over."""
        from pmdaemon.server.http.listeners import KeptListeners  # noqa: PLC0415 - few are so early

        listeners = await KeptListeners.open(host, tcp_port, self)
        self._own = {name: one.detach() for name, one in listeners.by_name.items()}

    def keep(self, name: str, descriptor: int) -> None:
        """Keep a copy of this descriptor."""
        self._keeper.keep(name, descriptor)

    def take(self, name: str) -> int | None:
        """Get what was bound early, or what a former daemon had kept."""
        own = self._own.pop(name, None)
        return own if own is not None else self._keeper.take(name)

    def drop(self, name: str) -> None:
        """Close the copy."""
        self._keeper.drop(name)

    def close(self) -> None:
        """Give up what nobody has taken."""
        for name, descriptor in self._own.items():
            self._keeper.drop(name)
            os.close(descriptor)
        self._own = {}


class LazyWebServer:
    """A `WebServer` that is not there until it is needed."""

    def __init__(self, keeper: DescriptorStore) -> None:
        self._listeners = _BoundEarly(keeper)
        self._engine: Engine | None = None
        self._server: HttpServer | None = None

    def serve(self, engine: "Engine") -> None:
        """Say whose web side this is, before it is turned on for the first time."""
        self._engine = engine

    @property
    def address(self) -> str | None:
        """The URL it answers at, or None while it is off."""
        return self._server.address if self._server is not None else None

    async def reserve(self, settings: WebSettings) -> None:
        """Take connections, which wait; an address that cannot be used is told by `turn_on`."""
        if settings.tcp_port:
            with suppress(PmdaemonError):
                await self._listeners.bind(settings.host, settings.tcp_port)

    async def turn_on(self, settings: WebSettings) -> None:
        """Listen; when it listens already, change over."""
        if self._server is None:
            lean.restore_tls()
            from pmdaemon.server.http.app import HttpServer  # noqa: PLC0415 - see above

            if self._engine is None:
                raise AssertionError("the web server was not told whom to serve")
            await self._engine.deploys.load()
            self._server = HttpServer(self._engine, self._listeners)
        try:
            await self._server.turn_on(settings)
        finally:
            self._listeners.close()

    async def turn_off(self) -> None:
        """Stop listening."""
        self._listeners.close()
        if self._server is not None:
            await self._server.turn_off()

    async def make_way(self) -> None:
        """Take no more requests, and leave those that come to the next daemon."""
        if self._server is not None:
            await self._server.make_way()

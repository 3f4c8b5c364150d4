"""The web server, loaded when it is first turned on: aiohttp costs 15 MB and 0.2 s."""

from typing import TYPE_CHECKING

from pmdaemon.daemon import lean
from pmdaemon.engine.interfaces import DescriptorStore, WebSettings

if TYPE_CHECKING:
    from pmdaemon.engine.engine import Engine
    from pmdaemon.server.http.app import HttpServer


class LazyWebServer:
    """A `WebServer` that is not there until it is needed."""

    def __init__(self, keeper: DescriptorStore) -> None:
        self._keeper = keeper
        self._engine: Engine | None = None
        self._server: HttpServer | None = None

    def serve(self, engine: "Engine") -> None:
        """Say whose web side this is, before it is turned on for the first time."""
        self._engine = engine

    @property
    def address(self) -> str | None:
        """The URL it answers at, or None while it is off."""
        return self._server.address if self._server is not None else None

    async def turn_on(self, settings: WebSettings) -> None:
        """Listen; when it listens already, change over."""
        if self._server is None:
            lean.restore_tls()
            from pmdaemon.server.http.app import HttpServer  # noqa: PLC0415 - see above

            if self._engine is None:
                raise AssertionError("the web server was not told whom to serve")
            await self._engine.deploys.load()
            self._server = HttpServer(self._engine, self._keeper)
        await self._server.turn_on(settings)

    async def turn_off(self) -> None:
        """Stop listening."""
        if self._server is not None:
            await self._server.turn_off()

    async def make_way(self) -> None:
        """Take no more requests, and leave those that come to the next daemon."""
        if self._server is not None:
            await self._server.make_way()

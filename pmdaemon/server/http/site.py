"""One address that is listened on, from its opening to its end."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from pmdaemon.engine.interfaces import DescriptorStore, WebSettings
from pmdaemon.server.http.access import Gate, checked
from pmdaemon.server.http.connections import connection_factory
from pmdaemon.server.http.dialect import ErrorEncoder
from pmdaemon.server.http.listeners import BACKLOG, KeptListeners, port_of, url_of

PATIENCE = 5.0
"""Seconds that requests get to end in when the server is turned off."""

PARTING = 0.5
"""Seconds that connections get to come to a good end before the next daemon takes over."""

PARTING_LOOKS = 25

AppBuilder = Callable[[Gate], web.Application]


class Site:
    """Listeners, the application behind them, and the gate before it."""

    def __init__(self, settings: WebSettings, listeners: KeptListeners) -> None:
        self.settings = settings
        self._listeners = listeners
        self._gate = Gate(settings)
        self._servers: list[asyncio.Server] = []
        self._runner: web.AppRunner | None = None
        self._parting = False

    @classmethod
    async def open(
        cls,
        settings: WebSettings,
        keeper: DescriptorStore,
        build_app: AppBuilder,
        encode_error: ErrorEncoder,
    ) -> "Site":
        """Listen and serve.

        Raises:
            AddressUnusable: the address cannot be listened on.
            InvalidInput: it would let everybody in.

        """
        checked(settings)
        listeners = await KeptListeners.open(settings.host, settings.tcp_port, keeper)
        site = cls(settings, listeners)
        try:
            await site._serve(build_app(site._gate), encode_error)
        except BaseException:
            await site.close()
            raise
        return site

    @property
    def tcp_port(self) -> int:
        """The port that is really listened on."""
        return port_of(self._listeners.sockets[0])

    @property
    def url(self) -> str:
        """Where it answers."""
        return url_of(self.settings.host, self.tcp_port)

    def is_at(self, settings: WebSettings) -> bool:
        """Whether these settings mean this address."""
        ours = self.settings
        return (ours.host, ours.tcp_port) == (settings.host, settings.tcp_port)

    def change(self, settings: WebSettings) -> None:
        """Go by other settings from the next request on; the address is the same.

        Raises:
            InvalidInput: they would let everybody in.

        """
        self._gate.change(settings)
        self.settings = settings

    async def close(self) -> None:
        """Stop listening, and end what is left of requests."""
        self._listeners.forget()
        await self._end()

    async def make_way(self) -> None:
        """Let clients finish, and send those that stay connected on to the next daemon.

        A connection may be kept by its client for the next request. So every answer from now on
        asks it to close; one that says nothing meanwhile is closed when it is idle.
        """
        self._parting = True
        await self._accept_no_more()
        if self._runner is not None:
            await self._runner.shutdown()  # streams have no end of their own
        for server in self._servers:
            server.close()
        if self._runner is not None and self._runner.server is not None:
            looks = 0
            while self._runner.server.connections and looks < PARTING_LOOKS:
                looks += 1  # aiohttp has no event for this
                await asyncio.sleep(PARTING / PARTING_LOOKS)
        await self._end()

    async def _accept_no_more(self) -> None:
        """Leave new connections in the queue, where the next daemon finds them.

        asyncio drops a connection that it has accepted and not begun to serve when its server is
        closed. So these begin first: one turn for what makes the transport, one to spare.
        """
        loop = asyncio.get_running_loop()
        for listener in self._listeners.sockets:
            loop.remove_reader(listener)
        for _ in range(2):
            await asyncio.sleep(0)

    async def _serve(self, app: web.Application, encode_error: ErrorEncoder) -> None:
        app.on_response_prepare.append(self._say_goodbye)
        runner = self._runner = web.AppRunner(
            app, handle_signals=False, handler_cancellation=True, shutdown_timeout=PATIENCE
        )
        await runner.setup()
        if runner.server is None:
            raise AssertionError("a runner that was set up has a server")
        serve = connection_factory(runner.server, encode_error)
        loop = asyncio.get_running_loop()
        for listener in self._listeners.sockets:
            # Accepted one in a turn: where descriptors are spent, asyncio of Python 3.11 tries,
            # and logs, as often as it may, before it waits a second.
            self._servers.append(await loop.create_server(serve, sock=listener, backlog=1))
            listener.listen(BACKLOG)

    async def _say_goodbye(self, _request: web.Request, response: web.StreamResponse) -> None:
        if self._parting:
            response.headers["Connection"] = "close"
            response.force_close()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        self._listeners.close()
        if self._runner is not None:
            await self._runner.cleanup()

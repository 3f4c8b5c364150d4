"""The web server: every dialect in one application, listening where it is told to."""

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import DescriptorStore, WebSettings
from pmdaemon.server.http.access import Gate, Scope
from pmdaemon.server.http.connections import connection_factory
from pmdaemon.server.http.dialect import Dialect
from pmdaemon.server.http.listeners import KeptListeners, NothingKept, port_of, url_of
from pmdaemon.server.http.native.routes import NATIVE
from pmdaemon.server.http.reading import LARGEST_BODY
from pmdaemon.server.http.refusals import MethodNotAllowed, RouteNotFound

DIALECTS: Sequence[Dialect] = (NATIVE,)

PATIENCE = 5.0
"""Seconds that requests get to end in when the server is turned off."""

PARTING = 0.5
"""Seconds that connections get to come to a good end before the next daemon takes over."""

PARTING_LOOKS = 25

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Server": "pmdaemon",
    "X-Content-Type-Options": "nosniff",
}


def build_app(
    engine: Engine, gate: Gate, *, parting: Callable[[], bool] = lambda: False
) -> web.Application:
    """Put all dialects into one application; while `parting`, no connection is kept."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_unmatched(gate)])
    for dialect in DIALECTS:
        app.add_routes(dialect.routes(engine, gate))

    async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(SAFE_HEADERS)
        if parting():
            response.headers["Connection"] = "close"
            response.force_close()

    app.on_response_prepare.append(add_headers)
    return app


class HttpServer:
    """The web side as the engine knows it: on or off, at one address at a time."""

    def __init__(self, engine: Engine, keeper: DescriptorStore | None = None) -> None:
        self._engine = engine
        self._keeper = keeper or NothingKept()
        self._on: _Site | None = None

    @property
    def address(self) -> str | None:
        """The URL it answers at, or None while it is off."""
        return self._on.url if self._on is not None else None

    async def turn_on(self, settings: WebSettings) -> None:
        """Listen; when it listens already, change over without a gap.

        Raises:
            PmdaemonError: the address cannot be used; what was on before stays on.

        """
        before = self._on
        if before is not None and before.is_at(settings):
            before.change(settings)
            return
        self._on = await _Site.open(self._engine, settings, self._keeper)
        if before is not None:
            await before.close()

    async def turn_off(self) -> None:
        """Stop listening, and end what is left of requests."""
        site, self._on = self._on, None
        if site is not None:
            await site.close()

    async def make_way(self) -> None:
        """Take no more requests, and leave those that come to the next daemon."""
        site, self._on = self._on, None
        if site is not None:
            await site.make_way()


class _Site:
    """One address that is listened on."""

    def __init__(self, settings: WebSettings, gate: Gate, listeners: KeptListeners) -> None:
        self._settings = settings
        self._gate = gate
        self._listeners = listeners
        self._servers: list[asyncio.Server] = []
        self._runner: web.AppRunner | None = None
        self._parting = False

    @classmethod
    async def open(cls, engine: Engine, settings: WebSettings, keeper: DescriptorStore) -> "_Site":
        gate = Gate(settings)
        listeners = await KeptListeners.open(settings.host, settings.tcp_port, keeper)
        site = cls(settings, gate, listeners)
        try:
            await site._serve(build_app(engine, gate, parting=lambda: site._parting))
        except BaseException:
            await site.close()
            raise
        return site

    @property
    def url(self) -> str:
        return url_of(self._settings.host, port_of(self._listeners.sockets[0]))

    def is_at(self, settings: WebSettings) -> bool:
        ours = self._settings
        return (ours.host, ours.tcp_port) == (settings.host, settings.tcp_port)

    def change(self, settings: WebSettings) -> None:
        self._gate.change(settings)

    async def close(self) -> None:
        self._listeners.forget()
        await self._end()

    async def make_way(self) -> None:
        """Let clients finish, and send those that stay connected on to the next daemon.

        A connection may be kept by its client for the next request. So every answer from now on
        asks it to close; one that says nothing meanwhile is closed when it is idle.
        """
        self._parting = True
        for server in self._servers:
            server.close()
        if self._runner is not None and self._runner.server is not None:
            looks = 0
            while self._runner.server.connections and looks < PARTING_LOOKS:
                looks += 1  # aiohttp has no event for this
                await asyncio.sleep(PARTING / PARTING_LOOKS)
        await self._end()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        self._listeners.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, app: web.Application) -> None:
        runner = self._runner = web.AppRunner(
            app, handle_signals=False, handler_cancellation=True, shutdown_timeout=PATIENCE
        )
        await runner.setup()
        if runner.server is None:
            raise AssertionError("a runner that was set up has a server")
        serve = connection_factory(runner.server, NATIVE.encode_error)
        loop = asyncio.get_running_loop()
        for listener in self._listeners.sockets:
            self._servers.append(await loop.create_server(serve, sock=listener))


def _unmatched(gate: Gate) -> Middleware:
    """Answer what no dialect has, in the words of the native one, and to nobody without a key."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        unmatched = request.match_info.http_exception
        if unmatched is None:
            return await handler(request)
        try:
            gate.admit(request.headers, Scope.READ)
        except PmdaemonError as error:
            return NATIVE.encode_error(error)
        if isinstance(unmatched, web.HTTPMethodNotAllowed):
            return NATIVE.encode_error(MethodNotAllowed(unmatched.allowed_methods))
        return NATIVE.encode_error(RouteNotFound())

    return middleware

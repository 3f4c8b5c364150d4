"""The web server: every dialect in one application, listening where it is told to."""

import asyncio
import socket
from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate, Scope
from pmdaemon.server.http.connections import connection_factory
from pmdaemon.server.http.dialect import Dialect
from pmdaemon.server.http.listeners import listen, port_of, url_of
from pmdaemon.server.http.native.routes import NATIVE
from pmdaemon.server.http.reading import LARGEST_BODY
from pmdaemon.server.http.refusals import MethodNotAllowed, RouteNotFound

DIALECTS: Sequence[Dialect] = (NATIVE,)

PATIENCE = 5.0
"""Seconds that requests get to end in when the server is turned off."""

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Server": "pmdaemon",
    "X-Content-Type-Options": "nosniff",
}


def build_app(engine: Engine, gate: Gate) -> web.Application:
    """Put all dialects into one application."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_unmatched(gate)])
    for dialect in DIALECTS:
        app.add_routes(dialect.routes(engine, gate))
    app.on_response_prepare.append(_add_headers)
    return app


class HttpServer:
    """The web side as the engine knows it: on or off, at one address at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
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
        self._on = await _Site.open(self._engine, settings)
        if before is not None:
            await before.close()

    async def turn_off(self) -> None:
        """Stop listening, and end what is left of requests."""
        site, self._on = self._on, None
        if site is not None:
            await site.close()


class _Site:
    """One address that is listened on."""

    def __init__(self, settings: WebSettings, gate: Gate, listeners: list[socket.socket]) -> None:
        self._settings = settings
        self._gate = gate
        self._listeners = listeners
        self._servers: list[asyncio.Server] = []
        self._runner: web.AppRunner | None = None

    @classmethod
    async def open(cls, engine: Engine, settings: WebSettings) -> "_Site":
        gate = Gate(settings)
        site = cls(settings, gate, await listen(settings.host, settings.tcp_port))
        try:
            await site._serve(build_app(engine, gate))
        except BaseException:
            await site.close()
            raise
        return site

    @property
    def url(self) -> str:
        return url_of(self._settings.host, port_of(self._listeners[0]))

    def is_at(self, settings: WebSettings) -> bool:
        ours = self._settings
        return (ours.host, ours.tcp_port) == (settings.host, settings.tcp_port)

    def change(self, settings: WebSettings) -> None:
        self._gate.change(settings)

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for listener in self._listeners:
            listener.close()
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
        for listener in self._listeners:
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


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SAFE_HEADERS)

"""The web server: every dialect in one application, listening where it is told to."""

from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from msgspec.structs import replace

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import DescriptorStore, WebSettings
from pmdaemon.server.http.access import Gate, Scope
from pmdaemon.server.http.dashboard.routes import FILES as DASHBOARD_FILES
from pmdaemon.server.http.dialect import Dialect
from pmdaemon.server.http.listeners import AddressUnusable, NothingKept
from pmdaemon.server.http.native.live import LIVE, LiveFeed
from pmdaemon.server.http.native.routes import NATIVE
from pmdaemon.server.http.reading import LARGEST_BODY
from pmdaemon.server.http.refusals import MethodNotAllowed, RouteNotFound
from pmdaemon.server.http.site import Site

DASHBOARD = Dialect(endpoints=DASHBOARD_FILES, encode_error=NATIVE.encode_error)

DIALECTS: Sequence[Dialect] = (NATIVE, DASHBOARD)

SAFE_HEADERS = {
    "Server": "pmdaemon",
    "X-Content-Type-Options": "nosniff",
}


def build_app(engine: Engine, gate: Gate) -> web.Application:
    """Put all dialects into one application."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_unmatched(gate)])
    live = app[LIVE] = LiveFeed(engine, gate)
    app.on_shutdown.append(lambda _: live.dismiss_all())
    for dialect in DIALECTS:
        app.add_routes(dialect.routes(engine, gate))
    app.on_response_prepare.append(_add_headers)
    return app


class HttpServer:
    """The web side as the engine knows it: on or off, at one address at a time."""

    def __init__(self, engine: Engine, keeper: DescriptorStore | None = None) -> None:
        self._engine = engine
        self._keeper = keeper or NothingKept()
        self._on: Site | None = None

    @property
    def address(self) -> str | None:
        """The URL it answers at, or None while it is off."""
        return self._on.url if self._on is not None else None

    async def turn_on(self, settings: WebSettings) -> None:
        """Listen; when it listens already, change over, without a gap where that can be.

        Raises:
            PmdaemonError: the address cannot be used; what was on before stays on.

        """
        before = self._on
        if before is not None and before.is_at(settings):
            before.change(settings)
            return
        try:
            self._on = await self._open(settings)
        except AddressUnusable:
            if before is None or before.tcp_port != settings.tcp_port:
                raise
            # It may be us who are in the way: 0.0.0.0 takes in 127.0.0.1.
            await self._put_in_place_of(before, settings)
        else:
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

    async def _put_in_place_of(self, before: Site, settings: WebSettings) -> None:
        where_it_was = replace(before.settings, tcp_port=before.tcp_port)
        self._on = None
        await before.close()
        try:
            self._on = await self._open(settings)
        except AddressUnusable:
            self._on = await self._open(where_it_was)
            raise

    async def _open(self, settings: WebSettings) -> Site:
        return await Site.open(
            settings,
            self._keeper,
            lambda gate: build_app(self._engine, gate),
            NATIVE.encode_error,
        )


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
    response.headers.setdefault("Cache-Control", "no-store")

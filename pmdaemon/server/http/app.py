"""The web server: every dialect in one application, listening where it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from msgspec.structs import replace

from pmdaemon.core.access import Principal, Scope
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.notices import AccessChanged, Notice
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import DescriptorStore, WebSettings
from pmdaemon.server.http.access import Authenticator, Gate
from pmdaemon.server.http.cors import is_preflight, let_origins_read, preflight_problem
from pmdaemon.server.http.dashboard.routes import FILES as DASHBOARD_FILES
from pmdaemon.server.http.dialect import Dialect
from pmdaemon.server.http.event_streams import OVER
from pmdaemon.server.http.guard import Guard, rate_headers
from pmdaemon.server.http.listeners import AddressUnusable, NothingKept
from pmdaemon.server.http.native.live import LIVE, LiveFeed
from pmdaemon.server.http.native.machines import TABLE
from pmdaemon.server.http.native.routes import NATIVE
from pmdaemon.server.http.prox.routes import PROX
from pmdaemon.server.http.pup.live import PUP_LIVE, PupFeed
from pmdaemon.server.http.pup.routes import PUP
from pmdaemon.server.http.pushpaka.routes import CODE, DOOR, PUSHPAKA
from pmdaemon.server.http.refusals import MethodNotAllowed, PermissionDenied, RouteNotFound
from pmdaemon.server.http.site import Site, SiteParts
from pmdaemon.server.http.staying import GATE

DASHBOARD = Dialect(endpoints=DASHBOARD_FILES, encode_error=NATIVE.encode_error)

DIALECTS: Sequence[Dialect] = (NATIVE, DASHBOARD, PUP, DOOR, PUSHPAKA, CODE, PROX)

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer, unless an endpoint has reasons of its own.

Strict-Transport-Security is not among them: it would hold for every port of the host.
"""


FOREIGN = web.RequestKey("foreign", bool)
"""Marks what a page of somebody else's sent to an open server."""

GIVES_UP = frozenset({401, 429})
"""Statuses after which the connection is closed."""


def access_table() -> Mapping[tuple[str, str], Scope]:
    """Tell what everything needs, by method and path: there is nothing that is not in it."""
    return {(one.method, one.path): one.scope for dialect in DIALECTS for one in dialect.table}


def build_app(engine: Engine, guard: Guard) -> web.Application:
    """Put all dialects into one application."""
    largest_body = guard.gate.settings.body_limit
    app = web.Application(client_max_size=largest_body, middlewares=[_unmatched(guard)])
    app[TABLE] = NATIVE.endpoints
    app[LIVE] = LiveFeed(engine, guard)
    app[PUP_LIVE] = PupFeed(engine, guard)
    app[OVER] = asyncio.Event()
    app[GATE] = guard.gate
    app.on_shutdown.append(_end_streams)
    app.cleanup_ctx.append(_heeding(engine, guard.gate))
    routes = [route for dialect in DIALECTS for route in dialect.routes(engine, guard)]
    let_origins_read(app, app.add_routes(routes), guard.gate.settings.cors_origins)
    app.on_response_prepare.append(_add_headers)
    return app


def _heeding(engine: Engine, gate: Gate) -> Callable[[web.Application], AsyncIterator[None]]:
    """Have the gate hear, for as long as an application serves, that access is not as it was."""

    def heed(notice: Notice) -> None:
        if isinstance(notice, AccessChanged):
            gate.recheck()

    async def context(_: web.Application) -> AsyncIterator[None]:
        leave = engine.bus.subscribe(heed)
        yield
        leave()

    return context


async def _end_streams(app: web.Application) -> None:
    app[OVER].set()
    await app[LIVE].dismiss_all()
    await app[PUP_LIVE].dismiss_all()


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
            if before.can_change_to(settings):
                before.change(settings)
            else:
                self._on = await before.followed_by(self._parts_of(settings))
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
        return await Site.open(self._parts_of(settings), self._keeper)

    def _parts_of(self, settings: WebSettings) -> SiteParts:
        engine = self._engine
        gate = Gate(settings, authenticators(engine), guarded=lambda: engine.tokens.guarded)
        guard = Guard(gate, engine.clock, engine.audit, engine.rates)
        return SiteParts(gate, build_app(engine, guard), _encode_noise)


def authenticators(engine: Engine) -> Sequence[Authenticator]:
    """List those who know credentials; what the settings revoke, none of them knows."""
    return tuple(
        _unless_revoked(engine, one)
        for one in (
            engine.tokens.recognise,
            engine.children.recognise,
            engine.platform.accounts.recognise,
        )
    )


def _unless_revoked(engine: Engine, authenticator: Authenticator) -> Authenticator:
    def recognise(presented: str) -> Principal | None:
        principal = authenticator(presented)
        return None if principal is None or principal.name in engine.revoked else principal

    return recognise


def _unmatched(guard: Guard) -> Middleware:
    """Answer what no dialect has, in the words of the nearest one, and to nobody without a key."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = _refusal_of(request)
        try:
            guard.gate.refuse_foreign(request.headers)
        except PermissionDenied as error:
            request[FOREIGN] = True
            return _nearest(request.path).encode_error(error)
        if refusal is None:
            try:
                return await handler(request)
            except web.HTTPForbidden as refused:
                refusal = PermissionDenied(preflight_problem(refused))
                return _nearest(request.path).encode_error(refusal)
        return _refused(guard, request, refusal)

    return middleware


def _refused(guard: Guard, request: web.Request, refusal: PmdaemonError) -> web.Response:
    """Say what is wrong with a path or a method, to whoever has shown who they are."""
    dialect = _nearest(request.path)
    try:
        guard.charge(request, None)
        guard.gate.admit(request.headers, Scope.READ, credentials_needed=dialect.credentials_needed)
    except PermissionDenied:
        pass  # it is somebody we know, and that there is nothing is no secret from them
    except PmdaemonError as error:
        return dialect.encode_error(error)
    return dialect.encode_error(refusal)


def _nearest(path: str) -> Dialect:
    return next((one for one in DIALECTS if one.has_place(path)), NATIVE)


def _refusal_of(request: web.Request) -> PmdaemonError | None:
    unmatched = request.match_info.http_exception
    if isinstance(unmatched, web.HTTPMethodNotAllowed):
        return MethodNotAllowed(unmatched.allowed_methods - {hdrs.METH_OPTIONS})
    if unmatched is not None:
        return RouteNotFound()
    resource = request.match_info.route.resource
    if request.method == hdrs.METH_OPTIONS and not is_preflight(request) and resource is not None:
        return MethodNotAllowed({route.method for route in resource} - {hdrs.METH_OPTIONS})
    return None


def _encode_noise(error: PmdaemonError) -> web.Response:
    """Word an error about what is no request, so that no part of the application sees it."""
    response = NATIVE.encode_error(error)
    _make_safe(response)
    return response


def _make_safe(response: web.StreamResponse) -> None:
    for name, value in SAFE_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "pmdaemon"


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    _make_safe(response)
    if response.status in GIVES_UP:
        response.force_close()  # whoever has no key keeps no connection
    response.headers.update(rate_headers(request))
    if FOREIGN in request:
        response.headers.pop(hdrs.ACCESS_CONTROL_ALLOW_ORIGIN, None)  # not even this
    # What pages of other origins may read depends on the origin, so caches keep them apart.
    response.headers.add("Vary", "Origin")

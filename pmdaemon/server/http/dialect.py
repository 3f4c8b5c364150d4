"""What a dialect is: endpoints, each with the scope it needs, and a way to word errors.

A handler reads the request, calls the engine once, and shows what came of it. Letting callers in,
wording what went wrong, and keeping what is nobody's business out of an answer are done here, once
for all handlers.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec
from aiohttp import HttpVersion11, web
from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.core.access import Principal, Scope
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.rate_limits import RateKind, RateLimit
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.guard import ADMISSION, PRINCIPAL, Guard
from pmdaemon.server.http.refusals import Unauthorized

log = logging.getLogger(__name__)

Handler = Callable[[Engine, web.Request], Awaitable[web.StreamResponse]]
ErrorEncoder = Callable[[PmdaemonError], web.Response]


UNLIMITED: tuple[RateLimit, ...] = ()
"""Limits of what may be called as often as anybody likes: a health check takes no server down."""


class Endpoint(Struct, frozen=True):
    """One method of one path; HEAD comes with GET.

    `also` is a scope that will do in place of the other; the handler then sees to what may be seen.
    `limits` are how often an address may call it: None for those of the settings, a kind for what
    they say of that, empty for as often as it likes; `usual` are in place of those of the settings
    while nobody has chosen these. With `query_token`, a token may come as `?token=`, for browsers,
    whose WebSockets take no headers. With `passwords`, one may come as a password, as git sends it.
    """

    method: str
    path: str
    scope: Scope
    handler: Handler
    limits: tuple[RateLimit, ...] | RateKind | None = None
    usual: tuple[RateLimit, ...] | None = None
    also: Scope | None = None
    query_token: bool = False
    passwords: bool = False

    @property
    def changes(self) -> bool:
        """Whether calls are noted down, as they change something."""
        return self.method not in {"GET", "HEAD"}


class Dialect(Struct, frozen=True):
    """One published API.

    With `credentials_needed`, its endpoints want a key or token in open mode, too. It words what is
    wrong with all paths below its `places`, also where it has no endpoint.
    """

    endpoints: Sequence[Endpoint]
    encode_error: ErrorEncoder
    credentials_needed: bool = False
    places: Sequence[str] = ()

    def has_place(self, path: str) -> bool:
        """Whether a path is one of its own, or would be."""
        return any(path == place or path.startswith(f"{place}/") for place in self.places)

    def routes(self, engine: Engine, guard: Guard) -> list[web.RouteDef]:
        """Bind the endpoints to an engine, behind a guard; those of a path stand together."""
        paths = list(dict.fromkeys(one.path for one in self.endpoints))
        return [
            # HEAD comes with GET by itself.
            web.route(
                one.method, one.path, self._wrapped(one, engine, guard), expect_handler=_expect
            )
            for one in sorted(self.endpoints, key=lambda one: paths.index(one.path))
        ]

    @property
    def table(self) -> Sequence[Endpoint]:
        """All endpoints, HEAD as well."""
        heads = [replace(one, method="HEAD") for one in self.endpoints if one.method == "GET"]
        return [*self.endpoints, *heads]

    def _wrapped(
        self, one: Endpoint, engine: Engine, guard: Guard
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            status: int | None = None  # until the client is answered, or has gone
            code: str | None = None
            try:
                response = await self._answer(one, engine, guard, request)
                status = response.status
            except PmdaemonError as error:
                response, code = self.encode_error(error), error.code
                status = response.status
            except ConnectionError:
                raise  # the client has gone
            except Exception:
                log.exception("http.failed method=%s route=%s", one.method, one.path)
                response, code = self.encode_error(failure()), PmdaemonError.code
                status = response.status
            finally:
                if one.changes and PRINCIPAL in request:
                    guard.record(request, status, code)
            return response

        return endpoint

    async def _answer(
        self, one: Endpoint, engine: Engine, guard: Guard, request: web.Request
    ) -> web.StreamResponse:
        guard.charge(request, one.limits, usual=one.usual)
        admission: Callable[[], Principal] = partial(
            guard.gate.admit,
            request.headers,
            one.scope,
            also=one.also,
            credentials_needed=self.credentials_needed,
            query_token=request.query.get("token") if one.query_token else None,
            passwords=one.passwords,
        )
        request[ADMISSION] = admission
        try:
            principal = admission()
        except Unauthorized:
            guard.charge_guess(request, one.limits, usual=one.usual)
            raise
        request[PRINCIPAL] = principal
        return await one.handler(engine, request)


def failure() -> PmdaemonError:
    """Word a failure of our own: what exactly went wrong is in the log and nowhere else."""
    return PmdaemonError("the daemon failed at this; see its log")


def json_response(value: object, *, status: int = 200) -> web.Response:
    """Answer with JSON in UTF-8."""
    return web.Response(
        status=status,
        body=encode_json(value) + b"\n",
        content_type="application/json",
        charset="utf-8",
    )


def encode_json(value: object) -> bytes:
    """Write a value as JSON in UTF-8, in one line, also where a text from outside is none."""
    try:
        # A space behind a comma costs next to nothing, and whoever looks with curl can read it.
        return msgspec.json.format(msgspec.json.encode(value), indent=0)
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=False)
        return text.encode("utf-8", "replace")


async def _expect(request: web.Request) -> None:
    # Other expectations than this one may be ignored (RFC 9110, 10.1.1).
    expected = request.headers.get("Expect", "").lower()
    if expected == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # what is counted is the answer proper

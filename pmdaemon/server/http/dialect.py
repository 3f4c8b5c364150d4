"""What a dialect is: endpoints, each with the scope it needs, and a way to word errors.

A handler reads the request, calls the engine once, and shows what came of it. Letting callers in,
wording what went wrong, and keeping what is nobody's business out of an answer are done here, once
for all handlers.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import HttpVersion11, web
from msgspec import Struct

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.access import Gate, Scope

log = logging.getLogger(__name__)

Handler = Callable[[Engine, web.Request], Awaitable[web.StreamResponse]]
ErrorEncoder = Callable[[PmdaemonError], web.Response]


class Endpoint(Struct, frozen=True):
    """One method of one path; aiohttp adds HEAD to GET."""

    method: str
    path: str
    scope: Scope
    handler: Handler


class Dialect(Struct, frozen=True):
    """One published API."""

    endpoints: Sequence[Endpoint]
    encode_error: ErrorEncoder

    def routes(self, engine: Engine, gate: Gate) -> list[web.RouteDef]:
        """Bind the endpoints to an engine, behind a gate."""
        return [
            web.route(
                one.method, one.path, self._wrapped(one, engine, gate), expect_handler=_expect
            )
            for one in self.endpoints
        ]

    def _wrapped(
        self, one: Endpoint, engine: Engine, gate: Gate
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            try:
                gate.admit(request.headers, one.scope)
                return await one.handler(engine, request)
            except PmdaemonError as error:
                return self.encode_error(error)
            except ConnectionError:
                raise  # the client has gone
            except Exception:
                log.exception("http.failed method=%s route=%s", one.method, one.path)
                return self.encode_error(failure())

        return endpoint


def failure() -> PmdaemonError:
    """Word a failure of our own: what exactly went wrong is in the log and nowhere else."""
    return PmdaemonError("the daemon failed at this; its log says more")


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
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace")


async def _expect(request: web.Request) -> None:
    # Other expectations than this one may be ignored (RFC 9110, 10.1.1).
    expected = request.headers.get("Expect", "").lower()
    if expected == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # what is counted is the answer proper

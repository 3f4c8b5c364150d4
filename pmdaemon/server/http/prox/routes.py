"""The API of prox: its endpoints, and the scope that each of them needs."""

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.access import Scope
from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import UNLIMITED, Dialect, Endpoint, Handler, json_response
from pmdaemon.server.http.prox import handlers, pushing, requests
from pmdaemon.server.http.prox.errors import encode_error

ROOT = "/api/v1"

DESCRIPTION = "/openapi/prox.json"


async def show_description(_engine: Engine, _request: web.Request) -> web.Response:
    """Show what this API is, in OpenAPI."""
    # Most clients know it without being told.
    from pmdaemon.server.http.prox.description import describe  # noqa: PLC0415

    return json_response(describe(PROX.endpoints, __version__))


USUAL = (RateLimit(600, 60.0),)
"""How often an address may ask: clients of prox look twice a second, and were never refused."""


def _endpoint(method: str, path: str, scope: Scope, handler: Handler) -> Endpoint:
    return Endpoint(method, f"{ROOT}{path}", scope, handler, usual=USUAL)


PROX = Dialect(
    endpoints=(
        Endpoint("GET", "/health", Scope.PUBLIC, handlers.show_health, limits=UNLIMITED),
        Endpoint("GET", DESCRIPTION, Scope.READ, show_description),
        _endpoint("GET", "/status", Scope.READ, handlers.show_status),
        _endpoint("GET", "/processes", Scope.READ, handlers.list_processes),
        _endpoint("GET", "/processes/stream", Scope.READ, pushing.stream_processes),
        _endpoint("GET", "/processes/{name}", Scope.READ, handlers.show_process),
        _endpoint("POST", "/processes/{name}/start", Scope.CONTROL, handlers.start_process),
        _endpoint("POST", "/processes/{name}/stop", Scope.CONTROL, handlers.stop_process),
        _endpoint("POST", "/processes/{name}/restart", Scope.CONTROL, handlers.restart_process),
        _endpoint("GET", "/logs", Scope.READ, handlers.show_logs),
        _endpoint("GET", "/logs/stream", Scope.READ, pushing.stream_logs),
        _endpoint("GET", "/proxy/requests", Scope.READ, requests.list_requests),
        _endpoint("GET", "/proxy/requests/stream", Scope.READ, requests.stream_requests),
        _endpoint("GET", "/proxy/requests/{id}", Scope.READ, requests.show_request),
        _endpoint("POST", "/shutdown", Scope.ADMIN, handlers.shut_down),
    ),
    encode_error=encode_error,
    places=(ROOT, "/health", DESCRIPTION),
)

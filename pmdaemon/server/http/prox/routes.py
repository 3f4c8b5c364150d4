"""The API of prox: its endpoints, and the scope that each of them needs."""

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.access import Scope
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import UNLIMITED, Dialect, Endpoint, json_response
from pmdaemon.server.http.prox import handlers, pushing, requests
from pmdaemon.server.http.prox.errors import encode_error

ROOT = "/api/v1"

DESCRIPTION = "/openapi/prox.json"


async def show_description(_engine: Engine, _request: web.Request) -> web.Response:
    """Show what this API is, in OpenAPI."""
    # Most clients know it without being told.
    from pmdaemon.server.http.prox.description import describe  # noqa: PLC0415

    return json_response(describe(PROX.endpoints, __version__))


PROX = Dialect(
    endpoints=(
        Endpoint("GET", "/health", Scope.PUBLIC, handlers.show_health, limits=UNLIMITED),
        Endpoint("GET", DESCRIPTION, Scope.READ, show_description),
        Endpoint("GET", f"{ROOT}/status", Scope.READ, handlers.show_status),
        Endpoint("GET", f"{ROOT}/processes", Scope.READ, handlers.list_processes),
        Endpoint("GET", f"{ROOT}/processes/stream", Scope.READ, pushing.stream_processes),
        Endpoint("GET", f"{ROOT}/processes/{{name}}", Scope.READ, handlers.show_process),
        Endpoint("POST", f"{ROOT}/processes/{{name}}/start", Scope.CONTROL, handlers.start_process),
        Endpoint("POST", f"{ROOT}/processes/{{name}}/stop", Scope.CONTROL, handlers.stop_process),
        Endpoint(
            "POST", f"{ROOT}/processes/{{name}}/restart", Scope.CONTROL, handlers.restart_process
        ),
        Endpoint("GET", f"{ROOT}/logs", Scope.READ, handlers.show_logs),
        Endpoint("GET", f"{ROOT}/logs/stream", Scope.READ, pushing.stream_logs),
        Endpoint("GET", f"{ROOT}/proxy/requests", Scope.READ, requests.list_requests),
        Endpoint("GET", f"{ROOT}/proxy/requests/stream", Scope.READ, requests.stream_requests),
        Endpoint("GET", f"{ROOT}/proxy/requests/{{id}}", Scope.READ, requests.show_request),
        Endpoint("POST", f"{ROOT}/shutdown", Scope.ADMIN, handlers.shut_down),
    ),
    encode_error=encode_error,
    places=(ROOT, "/health", DESCRIPTION),
)

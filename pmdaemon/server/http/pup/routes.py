"""The Pup API: its endpoints, at the root and under `/api/pup`, and what each of them needs."""

from collections.abc import Sequence
from functools import partial

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.access import Scope
from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import Dialect, Endpoint, json_response
from pmdaemon.server.http.pup import handlers
from pmdaemon.server.http.pup.errors import encode_error
from pmdaemon.server.http.pup.websocket import serve_websocket

PREFIX = "/api/pup"
DESCRIPTION = "/openapi/pup.json"


USUAL = (RateLimit(600, 60.0),)
"""How often an address may ask: clients of Pup were never refused."""

OF_PROGRAMS = (RateLimit(3000, 60.0),)
"""How often all programs of this machine, which have one address, may report and write."""


def _endpoints(prefix: str) -> Sequence[Endpoint]:
    usual, of_program = partial(Endpoint, usual=USUAL), partial(Endpoint, usual=OF_PROGRAMS)
    one = f"{prefix}/processes/{{id}}"
    return (
        usual("GET", f"{prefix}/processes", Scope.READ, handlers.list_processes),
        usual("POST", f"{one}/start", Scope.CONTROL, handlers.start_process),
        usual("POST", f"{one}/stop", Scope.CONTROL, handlers.stop_process),
        usual("POST", f"{one}/restart", Scope.CONTROL, handlers.restart_process),
        usual("POST", f"{one}/block", Scope.CONTROL, handlers.block_process),
        usual("POST", f"{one}/unblock", Scope.CONTROL, handlers.unblock_process),
        usual("GET", f"{prefix}/state", Scope.READ, handlers.show_state),
        usual("GET", f"{prefix}/state/history", Scope.READ, handlers.show_history),
        of_program("POST", f"{prefix}/telemetry", Scope.TELEMETRY, handlers.take_telemetry),
        of_program("POST", f"{prefix}/ipc", Scope.TELEMETRY, handlers.send_message),
        of_program("POST", f"{prefix}/token", Scope.TELEMETRY, handlers.renew_token),
        of_program("POST", f"{prefix}/log", Scope.LOG, handlers.take_log_line),
        usual("GET", f"{prefix}/logs", Scope.READ, handlers.show_log),
        # Who may read hears of everything, a program what is meant for it.
        Endpoint(
            "GET", f"{prefix}/wss", Scope.READ, serve_websocket, also=Scope.TELEMETRY, usual=USUAL
        ),
        usual("POST", f"{prefix}/terminate", Scope.ADMIN, handlers.terminate),
    )


async def show_description(_engine: Engine, _request: web.Request) -> web.Response:
    """Show what this API is, in OpenAPI; the same holds below the prefix."""
    # Most clients know it without being told.
    from pmdaemon.server.http.pup.description import describe  # noqa: PLC0415

    return json_response(describe(AT_ROOT, __version__))


AT_ROOT = (Endpoint("GET", DESCRIPTION, Scope.READ, show_description), *_endpoints(""))

PLACES = (
    DESCRIPTION,
    "/processes",
    "/state",
    "/telemetry",
    "/ipc",
    "/token",
    "/log",
    "/logs",
    "/wss",
    "/terminate",
)

PUP = Dialect(
    endpoints=(*AT_ROOT, *_endpoints(PREFIX)),
    encode_error=encode_error,
    credentials_needed=True,
    places=(PREFIX, *PLACES),
)

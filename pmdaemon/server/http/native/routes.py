"""The PMDaemon API: its endpoints, and the scope that each of them needs."""

from pmdaemon.core.access import Scope
from pmdaemon.server.http.dashboard.routes import page_for_browsers
from pmdaemon.server.http.dialect import UNLIMITED, Dialect, Endpoint
from pmdaemon.server.http.native import handlers, machines, pushing
from pmdaemon.server.http.native.errors import encode_error
from pmdaemon.server.http.native.websocket import serve_websocket

NATIVE = Dialect(
    endpoints=(
        Endpoint(
            "GET",
            "/",
            Scope.PUBLIC,
            page_for_browsers(otherwise=handlers.show_root),
            limits=UNLIMITED,
        ),
        Endpoint("GET", "/ws", Scope.PUBLIC, serve_websocket),
        Endpoint("GET", "/api/status", Scope.READ, handlers.show_status, limits=UNLIMITED),
        Endpoint("GET", "/api/events", Scope.READ, pushing.stream_events),
        Endpoint("GET", "/openapi.json", Scope.READ, machines.show_description),
        Endpoint("GET", "/metrics", Scope.READ, machines.show_metrics),
        Endpoint("GET", "/api/system", Scope.READ, handlers.show_system),
        Endpoint("GET", "/api/processes", Scope.READ, handlers.list_processes),
        Endpoint("POST", "/api/processes", Scope.CREATE, handlers.create_process),
        Endpoint("GET", "/api/processes/{id}", Scope.READ, handlers.show_process),
        Endpoint("DELETE", "/api/processes/{id}", Scope.CONTROL, handlers.delete_process),
        Endpoint("GET", "/api/processes/{id}/logs", Scope.READ, handlers.show_logs),
        Endpoint("GET", "/api/processes/{id}/logs/stream", Scope.READ, pushing.stream_logs),
        Endpoint("POST", "/api/processes/{id}/start", Scope.CONTROL, handlers.start_process),
        Endpoint("POST", "/api/processes/{id}/stop", Scope.CONTROL, handlers.stop_process),
        Endpoint("POST", "/api/processes/{id}/restart", Scope.CONTROL, handlers.restart_process),
        Endpoint("POST", "/api/processes/{id}/reload", Scope.CONTROL, handlers.reload_process),
        Endpoint("POST", "/api/processes/{id}/scale", Scope.CONTROL, handlers.scale_process),
    ),
    encode_error=encode_error,
)

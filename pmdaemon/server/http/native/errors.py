"""Errors as the PMDaemon API words them.

The reference has five codes. Ours are those where they fit, and else the domain's own in capitals.
"""

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from pmdaemon.core.errors import PmdaemonError, ProcessNotFound
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.refusals import Refusal
from pmdaemon.server.http.statuses import status_of

PUBLISHED_CODES: Mapping[str, str] = MappingProxyType(
    {"app_already_exists": "PROCESS_ALREADY_EXISTS"}
)
"""Codes of the reference that are not just ours in capitals."""


def encode_error(error: PmdaemonError) -> web.Response:
    """Word an error."""
    response = json_response(
        {"success": False, "error": error_view(error)}, status=status_of(error)
    )
    if isinstance(error, Refusal):
        response.headers.update(error.headers)
    return response


def error_view(error: PmdaemonError) -> dict[str, object]:
    """Show an error."""
    return {
        "code": PUBLISHED_CODES.get(error.code, error.code.upper()),
        "message": _message(error),
        "details": _details(error),
    }


def _message(error: PmdaemonError) -> str:
    if isinstance(error, ProcessNotFound):
        return f"Process with ID '{error.requested}' not found"
    return error.message


def _details(error: PmdaemonError) -> dict[str, object]:
    if isinstance(error, ProcessNotFound):
        return {
            "requested_id": error.requested,
            "available_processes": error.details["available"],
        }
    return error.details

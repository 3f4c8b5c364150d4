"""Errors as the PMDaemon API words them.

The reference has five codes. Ours are those where they fit, and else the domain's own in capitals.
A status over 499 means that we have failed, never that a program or a request did.
"""

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from pmdaemon.core.errors import (
    AppAlreadyExists,
    InvalidInput,
    NotReady,
    OperationFailed,
    PmdaemonError,
    ProcessBlocked,
    ProcessNotFound,
    ReloadInProgress,
    StoreUnavailable,
    TcpPortTaken,
    TokenExists,
    TokenNotFound,
    Unsupported,
)
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.refusals import Refusal

STATUS: Mapping[type[PmdaemonError], int] = MappingProxyType(
    {
        ProcessNotFound: 404,
        TokenNotFound: 404,
        AppAlreadyExists: 409,
        TokenExists: 409,
        TcpPortTaken: 409,
        OperationFailed: 409,
        ProcessBlocked: 409,
        ReloadInProgress: 409,
        NotReady: 409,
        InvalidInput: 400,
        Unsupported: 400,
        StoreUnavailable: 503,
    }
)
"""What is not here, and derives from nothing here, is a failure of ours: 500."""

PUBLISHED_CODES: Mapping[str, str] = MappingProxyType(
    {"app_already_exists": "PROCESS_ALREADY_EXISTS"}
)
"""Codes of the reference that are not just ours in capitals."""


def encode_error(error: PmdaemonError) -> web.Response:
    """Word an error."""
    response = json_response({"success": False, "error": error_view(error)}, status=_status(error))
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


def _status(error: PmdaemonError) -> int:
    if isinstance(error, Refusal):
        return error.status
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


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

"""Errors as Pushpaka words them: a sentence, and nothing else."""

from aiohttp import web

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.platform_errors import TooManyAttempts
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.refusals import Refusal, Unauthorized, UnknownKey
from pmdaemon.server.http.statuses import status_of

NOTHING_SHOWN = "authorization required"
NOT_GOOD = "invalid or expired token"
"""What its clients know these two by."""


def encode_error(error: PmdaemonError) -> web.Response:
    """Word an error."""
    response = json_response({"error": _message(error)}, status=status_of(error))
    if isinstance(error, Refusal):
        response.headers.update(error.headers)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.wait)
    return response


def _message(error: PmdaemonError) -> str:
    match error:
        case UnknownKey():
            return NOT_GOOD
        case Unauthorized():
            return NOTHING_SHOWN
        case _:
            return error.message

"""Errors as prox words them: a sentence and a code, side by side."""

from aiohttp import web

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.refusals import Refusal
from pmdaemon.server.http.statuses import status_of


class RequestNotFound(PmdaemonError):
    """An id that no proxy request has, or has any more."""

    code = "request_not_found"


def encode_error(error: PmdaemonError) -> web.Response:
    """Word an error."""
    shown = {"error": error.message, "code": error.code.upper()}
    response = json_response(shown, status=status_of(error))
    if isinstance(error, Refusal):
        response.headers.update(error.headers)
    return response

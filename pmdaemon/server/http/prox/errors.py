"""Errors as prox words them: a sentence and a code, side by side."""

from aiohttp import web

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.statuses import headers_of, status_of


class RequestNotFound(PmdaemonError):
    """An id that no proxy request has, or has any more."""

    code = "request_not_found"


def encode_error(error: PmdaemonError) -> web.Response:
    """Word an error."""
    shown = {"error": error.message, "code": error.code.upper()}
    response = json_response(shown, status=status_of(error))
    response.headers.update(headers_of(error))
    return response

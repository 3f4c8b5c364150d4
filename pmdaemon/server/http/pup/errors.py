"""Errors as the Pup API words them: `{error}`, and beside it a stable `code`."""

from aiohttp import web

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.refusals import Refusal
from pmdaemon.server.http.statuses import status_of


def encode_error(error: PmdaemonError) -> web.Response:
    """Word an error."""
    response = json_response({"error": error.message, "code": error.code}, status=status_of(error))
    if isinstance(error, Refusal):
        response.headers.update(error.headers)
    return response

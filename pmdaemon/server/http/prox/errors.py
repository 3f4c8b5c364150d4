"""Errors as prox words them: a sentence and a code, side by side."""

from aiohttp import web

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.refusals import Refusal
from pmdaemon.server.http.statuses import status_of


class ProxyNotEnabled(Refusal):
    """A question about requests while no gateway is on that they could go through."""

    code = "proxy_not_enabled"
    status = 503

    def __init__(self) -> None:
        super().__init__("the gateway is off; pmdaemon proxy --help says how to turn it on")


class CursorGone(Refusal):
    """A page before a request that is not remembered any more: to be begun anew."""

    code = "cursor_gone"
    status = 410


def encode_error(error: PmdaemonError) -> web.Response:
    """Word an error."""
    shown = {"error": error.message, "code": error.code.upper()}
    response = json_response(shown, status=status_of(error))
    if isinstance(error, Refusal):
        response.headers.update(error.headers)
    return response

"""Keeps records of the requests that are forwarded, and, where that is wanted, of their bodies."""

from contextlib import suppress

from pmdaemon.core.request_records import Body, RequestRecord
from pmdaemon.core.routing import Route
from pmdaemon.core.services import subdomain_of
from pmdaemon.engine.request_log import RequestLog
from pmdaemon.server.gateway.exchanges import Exchange
from pmdaemon.server.gateway.framing import Chunked, MalformedMessage

MOST_BODIES = 64 * 1024 * 1024
"""Bytes of bodies that are kept, of all requests together."""


class Recorder:
    """Fills in a record for each request.

    Of each body the first `capture` bytes are kept, none with 0.
    """

    def __init__(self, log: RequestLog) -> None:
        self._log = log
        self.domain = ""
        self.capture = 0
        self._open: dict[int, RequestRecord] = {}
        self._with_bodies: list[RequestRecord] = []
        self._kept = 0

    def began(self, exchange: Exchange, host: str, route: Route | None) -> None:
        """Note that a request has come."""
        request, client = exchange.request, exchange.client
        id_, number = self._log.identify()
        record = RequestRecord(
            id=id_,
            number=number,
            began=self._log.now,
            method=request.method.decode("latin-1"),
            url=request.target.decode("latin-1"),
            host=host,
            subdomain=subdomain_of(host, self.domain),
            service=route.service if route is not None else "",
            remote_addr=client.peer,
            secure=client.secure,
            raw_request_headers=request.headers,
        )
        self._open[id(exchange)] = record
        if self.capture:
            exchange.attach(Copies(self.capture))
        self._log.add(record)

    def ended(self, exchange: Exchange) -> None:
        """Note how it ended."""
        record = self._open.pop(id(exchange), None)
        if record is None:
            return
        record.status = exchange.status
        record.received, record.sent = exchange.received, exchange.sent
        record.aborted = exchange.broken
        if exchange.target is not None:
            record.target = "{}:{}".format(*exchange.target)
        if exchange.response is not None:
            record.raw_response_headers = exchange.response.headers
        if exchange.tap is not None:
            self._keep_bodies(record, exchange)
        self._log.ended(record)

    def _keep_bodies(self, record: RequestRecord, exchange: Exchange) -> None:
        if not isinstance(exchange.tap, Copies):
            return
        request, response = exchange.tap.bodies()
        record.request_body = dechunked(request) if exchange.request_chunked else request
        record.response_body = dechunked(response) if exchange.response_chunked else response
        self._with_bodies.append(record)
        self._kept += _size(record)
        while self._kept > MOST_BODIES:
            oldest = self._with_bodies.pop(0)
            self._kept -= _size(oldest)
            oldest.request_body = oldest.response_body = None


class Copies:
    """The beginnings of the bodies of a request and its response."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._request, self._response = bytearray(), bytearray()
        self._sizes = [0, 0]

    def request_data(self, data: bytes) -> None:
        """See a piece of the request's body."""
        self._request += data[: self._most - len(self._request)]
        self._sizes[0] += len(data)

    def response_data(self, data: bytes) -> None:
        """See a piece of the response's body."""
        self._response += data[: self._most - len(self._response)]
        self._sizes[1] += len(data)

    def bodies(self) -> tuple[Body, Body]:
        """Return what was kept."""
        request, response = self._sizes
        return Body(bytes(self._request), request), Body(bytes(self._response), response)


def dechunked(body: Body) -> Body:
    """Take a body out of its chunks, as far as it was kept."""
    pieces: list[bytes] = []
    with suppress(MalformedMessage):
        Chunked(pieces.append).feed(body.content)
    content = b"".join(pieces)
    return Body(content, body.size if body.truncated else len(content))


def _size(record: RequestRecord) -> int:
    bodies = (record.request_body, record.response_body)
    return sum(len(body.content) for body in bodies if body is not None)

"""The requests that went through the gateway: the latest, one in full, and each as it ends."""

import asyncio
import re
from collections import deque
from datetime import UTC, datetime
from typing import Final

from aiohttp import web
from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.request_records import Body, RawHeaders, RequestFilter, RequestRecord
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.request_log import RequestLog, RequestNotFound
from pmdaemon.server.bodies import body_view
from pmdaemon.server.http.dialect import encode_json, json_response
from pmdaemon.server.http.event_streams import EventStream, cursor_of, event_stream
from pmdaemon.server.http.prox import views
from pmdaemon.server.http.prox.errors import CursorGone, ProxyNotEnabled
from pmdaemon.server.http.reading import read_choice, read_number
from pmdaemon.server.http.refusals import InvalidRequest
from pmdaemon.server.http.streams import SSE_HEADERS, sse_cursor, sse_event

DEFAULT_LIMIT = 100
MOST_REQUESTS = 1000
HIGHEST_STATUS = 999

MOST_WAITING: Final = 1000
"""Requests that wait to be told to one client; who takes them more slowly has a gap."""

CONNECTED = b": connected\n\n" + sse_event("connected", b"{}")
"""Both what the reference has and what its clients were given."""

MOST_EXCEPTIONS: Final = 100

CURSOR: Final = r"([0-9]{1,16})\.([0-9]{1,15})((?:-[0-9]{1,15}){0,100})"
"""How a cursor is written."""


class Cursor(Struct, frozen=True):
    """Where a client is: it knows all requests up to a number but for some, of one daemon."""

    life: int
    number: int
    exceptions: frozenset[int] = frozenset()


async def list_requests(engine: Engine, request: web.Request) -> web.Response:
    """List the latest requests, the youngest first."""
    log = _log(engine)
    wanted = _read_filter(request)
    limit = read_number(request, "limit", default=DEFAULT_LIMIT, highest=MOST_REQUESTS, capped=True)
    # One more than is shown tells whether there are others.
    found, matching, _ = log.list(wanted, limit=limit + 1, before=_read_before(log, request))
    shown_ones = found[:limit]
    return json_response(
        {
            "requests": [views.request_view(one, log.now) for one in shown_ones],
            "filtered_count": len(shown_ones),
            "total_count": matching,
            "next_before_id": shown_ones[-1].id if shown_ones and len(found) > limit else None,
        }
    )


async def show_request(engine: Engine, request: web.Request) -> web.Response:
    """Show one request in full; its bodies are decoded, if they are asked for and were kept."""
    log = _log(engine)
    whole = read_choice(request, "include", ["body"]) is not None
    record = log.get(request.match_info["id"])
    return json_response(
        {
            **views.request_view(record, log.now),
            "details": {
                "request_headers": views.headers_view(record.raw_request_headers),
                "response_headers": views.headers_view(record.raw_response_headers),
                "request_body": _body(record.request_body, record.raw_request_headers, whole=whole),
                "response_body": _body(
                    record.response_body, record.raw_response_headers, whole=whole
                ),
            },
        }
    )


async def stream_requests(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push requests as they end, from now on, or from where the client was."""
    log = _log(engine)
    wanted = _read_filter(request)
    after = _read_cursor(cursor_of(request))
    if request.method == "HEAD":
        return web.Response(headers=SSE_HEADERS)
    async with event_stream(request, engine.clock) as stream:
        await stream.send(CONNECTED)
        listener = _Listener(log, wanted, engine.events.life)
        leave = log.subscribe(listener.hear)
        try:
            if after is not None:
                listener.catch_up(after)
            await stream.carry(listener.write(stream))
        finally:
            leave()
    return stream.response


class _Listener:
    """One client's requests that it has not been told of yet; there is a bound to them.

    Requests end in another order than they came in. So a cursor is the highest number that was
    told, and behind it those below that were not: the exceptions, which were still on their way.
    """

    def __init__(self, log: RequestLog, wanted: RequestFilter, life: int) -> None:
        self._log = log
        self._wanted = wanted
        self._life = life
        self._waiting: deque[RequestRecord] = deque()
        self._under_way = {one.number for one in log.since(0)[0] if one.in_flight}
        self._highest = log.latest
        self._missed = False
        self._news = asyncio.Event()

    def hear(self, record: RequestRecord) -> None:
        """Take in a request that has come or has ended, if it is wanted and there is room."""
        if record.in_flight:
            self._under_way.add(record.number)
            return
        self._under_way.discard(record.number)
        if not self._wanted.matches(record):
            return
        if len(self._waiting) >= MOST_WAITING:
            self._missed = True
        else:
            self._waiting.append(record)
        self._news.set()

    def catch_up(self, after: Cursor) -> None:
        """Take in what has ended since a client was told of what a cursor says."""
        known = after.number if after.life == self._life else 0
        found, whole = self._log.since(known)
        late = [one for one in self._log.since(0)[0] if one.number in after.exceptions]
        if after.life != self._life or not whole or len(late) < len(after.exceptions):
            self._missed = True
        ended = [one for one in (*late, *found) if not one.in_flight]
        self._waiting.extend(one for one in ended if self._wanted.matches(one))
        self._news.set()

    async def write(self, stream: EventStream) -> None:
        """Tell what there is, and what comes."""
        await stream.send(sse_cursor(self._cursor()))  # for who leaves before the first request
        while True:
            await self._news.wait()
            self._news.clear()
            if self._missed:
                self._missed = False
                await stream.send(sse_event("gap", b"{}"))
            while self._waiting:
                record = self._waiting.popleft()
                self._highest = max(self._highest, record.number)
                view = encode_json(views.request_view(record, self._log.now))
                await stream.send(sse_event(None, view, self._cursor()))

    def _cursor(self) -> str:
        untold = self._under_way | {one.number for one in self._waiting}
        below = sorted(number for number in untold if number < self._highest)
        if len(below) > MOST_EXCEPTIONS:  # rather some of them twice
            return f"{self._life}.{below[0] - 1}"
        return f"{self._life}.{self._highest}{''.join(f'-{number}' for number in below)}"


def _body(body: Body | None, headers: RawHeaders, *, whole: bool) -> views.View | None:
    """Show what was kept of a body; with all of it, or only how long it was."""
    shown_as = body_view(body, headers)
    if body is None or shown_as is None:
        return None
    return views.body_view(shown_as, len(body.content), headers, whole=whole)


def _log(engine: Engine) -> RequestLog:
    if engine.gateway.settings is None:
        raise ProxyNotEnabled
    return engine.gateway.requests


def _read_filter(request: web.Request) -> RequestFilter:
    return RequestFilter(
        subdomain=request.query.get("subdomain"),
        method=request.query.get("method"),
        min_status=_status(request, "min_status"),
        max_status=_status(request, "max_status"),
        since=_since(request),
        url=request.query.get("url_contains"),
    )


def _read_before(log: RequestLog, request: web.Request) -> RequestRecord | None:
    """Find the request that a page ends before."""
    id_ = request.query.get("before_id")
    try:
        return log.get(id_) if id_ is not None else None
    except RequestNotFound as error:
        raise CursorGone(error.message) from None


def _status(request: web.Request, name: str) -> int | None:
    if name not in request.query:
        return None
    return read_number(request, name, default=0, highest=HIGHEST_STATUS)


def _since(request: web.Request) -> float | None:
    """Read a moment as RFC 3339 has it; one without a zone is in UTC."""
    given = request.query.get("since")
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise InvalidRequest(
            f"cannot use since={shown(given)}: it must be a time such as 2025-01-19T10:32:01Z",
            parameter="since",
        ) from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _read_cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    found = re.fullmatch(CURSOR, text)
    if found is None:
        raise InvalidInput(
            f"cannot continue after {shown(text)}: it is not a cursor of this stream"
        )
    life, number, exceptions = found.groups()
    return Cursor(
        int(life), int(number), frozenset(int(one) for one in exceptions.split("-") if one)
    )

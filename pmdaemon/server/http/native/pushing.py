"""The event streams of the PMDaemon API: what `/ws` pushes, for whoever prefers plain HTTP.

Every event has an `id:` to go on behind it after a loss of connection. Where what came meanwhile
is not there any more, a `gap` says so.
"""

import asyncio
import re
from collections import deque
from contextlib import aclosing

from aiohttp import web

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.selectors import Selector
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.event_streams import EventStream, cursor_of, event_stream
from pmdaemon.server.http.log_streams import LogStream
from pmdaemon.server.http.native import frames
from pmdaemon.server.http.native.frames import PUSHED, Batch, Feed, FrameType
from pmdaemon.server.http.native.handlers import DEFAULT_LINES, MOST_LINES, STREAMS
from pmdaemon.server.http.native.live import LIVE, LiveFeed
from pmdaemon.server.http.reading import read_choice, read_number
from pmdaemon.server.http.refusals import InvalidRequest
from pmdaemon.server.http.streams import MOST_UNREAD, SSE_HEADERS

EVENT_CURSOR = r"([0-9]{1,16})\.([0-9]{1,15})"
"""The life of a daemon, and the number of an event in it."""

_EVENT_CURSOR = re.compile(EVENT_CURSOR)


async def stream_events(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push the list of processes, and then whatever changes."""
    unwanted = frozenset(PUSHED - _chosen(request))
    after = _read_cursor(cursor_of(request))
    if request.method == "HEAD":
        return web.Response(headers=SSE_HEADERS)
    live = request.app[LIVE]
    async with event_stream(request, engine.clock) as stream:
        listener = StreamListener(live, stream, unwanted)
        live.join(listener)
        try:
            if after is not None:
                listener.catch_up(*after)
            await stream.carry(listener.write())
        finally:
            live.leave(listener)
    return stream.response


async def stream_logs(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push what a program prints, beginning with its last lines."""
    lines = read_number(request, "lines", default=DEFAULT_LINES, highest=MOST_LINES)
    streams = STREAMS[read_choice(request, "type", list(STREAMS)) or "all"]
    output = LogStream(
        engine,
        [Selector(request.match_info["id"], narrow=True)],
        streams,
        lines=lines,
        cursor=cursor_of(request),
    )
    if request.method == "HEAD":
        return web.Response(headers=SSE_HEADERS)
    async with event_stream(request, engine.clock) as stream:
        await stream.carry(_push(engine, output, stream))
    return stream.response


async def _push(engine: Engine, output: LogStream, stream: EventStream) -> None:
    async with aclosing(output.read()) as batches:
        async for pieces in batches:
            wall = engine.clock.now().wall
            await stream.send(b"".join(frames.output_frame(one, wall).sse for one in pieces))
    ended = frames.Frame(FrameType.END, engine.clock.now().wall, {})
    await stream.send(ended.sse)


class StreamListener:
    """Somebody who listens over an event stream; what it has not taken yet is bounded."""

    feed = Feed.FULL

    def __init__(self, live: LiveFeed, stream: EventStream, unwanted: frozenset[str]) -> None:
        self._live = live
        self._stream = stream
        self._unwanted = unwanted
        self._unwritten: deque[bytes] = deque()
        self._size = 0
        self._missed = 0
        self._news = asyncio.Event()

    def deliver(self, batch: Batch) -> None:
        """Put by what is new; when too much waits to be written, leave it."""
        if self._size > MOST_UNREAD:
            self._missed += 1
        else:
            self._put(batch)

    def catch_up(self, life: int, number: int) -> None:
        """Tell of the events behind a cursor."""
        events, whole = self._live.events_since(life, number)
        gap = [] if whole else [self._live.frame(FrameType.GAP, {})]
        self._put(Batch([*gap, *map(self._live.event_frame, events)]))

    async def write(self) -> None:
        """Write what there is, and what comes."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._unwritten:
                data = self._unwritten.popleft()
                await self._stream.send(data)
                self._size -= len(data)
            if self._missed:
                lagged = self._live.frame(FrameType.LAGGED, {"missed": self._missed})
                self._missed = 0
                self._put(Batch([lagged, *self._live.whole_list(self.feed).frames]))

    def beat(self) -> None:
        """The stream gives its own signs of life; a broken one ends by itself."""

    def dismiss(self) -> None:
        """The stream ends when everything is over."""

    def _put(self, batch: Batch) -> None:
        if data := batch.sse(self._unwanted):
            self._unwritten.append(data)
            self._size += len(data)
            self._news.set()


def _chosen(request: web.Request) -> frozenset[str]:
    given = request.query.get("events")
    if given is None:
        return PUSHED
    chosen = frozenset(word.strip() for word in given.split(",") if word.strip())
    if unknown := sorted(chosen - PUSHED):
        raise InvalidRequest(
            f"there are no events called {shown(unknown[0])}; there are"
            f" {', '.join(sorted(PUSHED))}",
            parameter="events",
            allowed=sorted(PUSHED),
        )
    if not chosen:
        raise InvalidRequest(
            "cannot stream no events at all: name some, or leave events out to get all",
            parameter="events",
            allowed=sorted(PUSHED),
        )
    return chosen


def _read_cursor(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = _EVENT_CURSOR.fullmatch(text)
    if found is None:
        raise InvalidInput(
            f"cannot continue after {shown(text)}: it is not a cursor of this stream"
        )
    return int(found[1]), int(found[2])

"""The event streams of prox: lines as they are written, and the list of processes as it changes.

Both open with a comment and go on for as long as the client wants. Lines are unnamed events; where
to go on is told by `id:` alone, as clients take whatever is in `data:` for a line.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from aiohttp import web

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import HealthChecked, Notice, ProcessChanged
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import encode_json
from pmdaemon.server.http.event_streams import EventStream, cursor_of, event_stream
from pmdaemon.server.http.log_streams import LogStream, Missed, Printed
from pmdaemon.server.http.patterns import Matches
from pmdaemon.server.http.prox import views
from pmdaemon.server.http.prox.handlers import read_pattern, read_processes
from pmdaemon.server.http.searching import FoundLine
from pmdaemon.server.http.streams import SSE_HEADERS, sse_cursor, sse_event

CONNECTED = b": connected\n\n"
"""A comment that says that the stream is open."""

HOLD = 0.1
"""Seconds that a change of the list waits for others: a restart of everything is one snapshot."""


async def stream_logs(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push what programs write from now on, or from where the client was."""
    matches = read_pattern(request)
    output = LogStream(
        engine,
        read_processes(engine, request),
        OutputStream,
        lines=0,
        cursor=cursor_of(request),
        lasting=True,
    )
    if request.method == "HEAD":
        return web.Response(headers=SSE_HEADERS)
    async with event_stream(request, engine.clock) as stream:
        await stream.send(CONNECTED)
        await stream.carry(_push_lines(engine, output, matches, stream))
    return stream.response


async def stream_processes(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push the list of processes, whole, now and whenever it is another."""
    if request.method == "HEAD":
        return web.Response(headers=SSE_HEADERS)
    async with event_stream(request, engine.clock) as stream:
        await stream.send(CONNECTED)
        await stream.carry(_push_lists(engine, stream))
    return stream.response


async def _push_lines(
    engine: Engine, output: LogStream, matches: Matches | None, stream: EventStream
) -> None:
    async with aclosing(output.read()) as batches:
        async for pieces in batches:
            wall = engine.clock.now().wall
            if matches is None:
                data = _worded(pieces, matches, wall)
            else:  # a pattern may take its time, within bounds
                data = await asyncio.to_thread(_worded, pieces, matches, wall)
            if not pieces and output.cursor:
                data = sse_cursor(output.cursor)  # for who leaves before the first line
            if data:
                await stream.send(data)


async def _push_lists(engine: Engine, stream: EventStream) -> None:
    news = asyncio.Event()

    def heed(notice: Notice) -> None:
        match notice:
            case ProcessChanged():
                news.set()
            case HealthChecked(_, before, after) if before.status is not after.status:
                news.set()
            case _:
                pass

    leave = engine.bus.subscribe(heed)
    try:
        while True:
            news.clear()
            shown = views.list_view(engine.processes.list())
            await stream.send(sse_event(None, encode_json(shown)))
            await news.wait()
            await asyncio.sleep(HOLD)
    finally:
        leave()


def _worded(pieces: Sequence[Printed | Missed], matches: Matches | None, wall: float) -> bytes:
    """Word the pieces that are wanted, and where to go on behind all of them."""
    words: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Missed):
            words.append(sse_event("gap", encode_json(views.gap_view(piece))))
            continue
        line = piece.line
        if matches is None or matches(line.text):
            found = FoundLine(piece.process, line.stream, line.time or wall, line.text)
            words.append(sse_event(None, encode_json(views.line_view(found)), piece.cursor))
        elif piece is pieces[-1] and piece.cursor:
            words.append(sse_cursor(piece.cursor))
    return b"".join(words)

"""Server-sent events: an answer that goes on for as long as its client wants (HTML, 9.2)."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from pmdaemon.engine.interfaces import Cancellable, Clock
from pmdaemon.engine.tasks import spawn
from pmdaemon.server.http.staying import Stay, staying
from pmdaemon.server.http.streams import SSE_HEADERS, SSE_PING

BEAT = 15.0
"""Seconds between two comments: proxies close what says nothing for a minute."""

LAST_EVENT_ID = "Last-Event-ID"

OVER = web.AppKey("over", asyncio.Event)
"""Is set when the server is turned off or makes way: streams have no end of their own."""


class EventStream:
    """One client's stream. Writing waits while the client is slow to read.

    It ends before its time when the server does, or when its client is not let in any more.
    """

    def __init__(
        self, response: web.StreamResponse, *, over: asyncio.Event, stay: Stay, clock: Clock
    ) -> None:
        self.response = response
        self._over = over
        self._stay = stay
        self._clock = clock
        self._next_beat: Cancellable | None = None

    async def send(self, data: bytes) -> None:
        """Send events, encoded.

        Raises:
            ConnectionError: the client has gone.

        """
        await self.response.write(data)

    async def carry(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work that fills it, and leave that where it is when the stream has to end."""
        await until({self._over, self._stay.over}, work)

    def start_beating(self) -> None:
        """Say something every now and then, from now on."""
        self._next_beat = self._clock.call_later(BEAT, self._beat)

    def stop_beating(self) -> None:
        """Say nothing of one's own any more."""
        if self._next_beat is not None:
            self._next_beat.cancel()

    def _beat(self) -> None:
        self.start_beating()
        self._stay.check()
        spawn(self._ping(), name="sse.ping")

    async def _ping(self) -> None:
        with suppress(ConnectionError):  # the handler learns that as well
            await self.response.write(SSE_PING)


@asynccontextmanager
async def event_stream(request: web.Request, clock: Clock) -> AsyncIterator[EventStream]:
    """Begin the answer; at the end of the context it is complete."""
    response = web.StreamResponse(headers=SSE_HEADERS)
    await response.prepare(request)
    with staying(request) as stay:
        stream = EventStream(response, over=request.app[OVER], stay=stay, clock=clock)
        stream.start_beating()
        try:
            yield stream
        finally:
            stream.stop_beating()
    await response.write_eof()


def cursor_of(request: web.Request) -> str | None:
    """Read where a client wants to go on: a browser says it in a header, others may in the query.

    The header counts, as it is what came later.
    """
    return request.headers.get(LAST_EVENT_ID) or request.query.get("cursor") or None


async def until(endings: Collection[asyncio.Event], work: Coroutine[Any, Any, None]) -> None:
    """Do some work, and leave it at the first of some events."""
    loop = asyncio.get_running_loop()
    working = loop.create_task(work, name="sse")
    tasks = {working, *(loop.create_task(one.wait(), name="sse.end") for one in endings)}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""Servers within a test, which leave no connection behind.

    async with a_server(handler) as port:
        await asyncio.open_connection("127.0.0.1", port)

A connection that a server of asyncio has taken and not closed outlives its test, and fails one that
comes later, when it is collected. Whether that happens is up to which side is quicker.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.support.waiting import eventually

Handler = Callable[[Any, asyncio.StreamWriter], Awaitable[None]]

TURNS = 10
"""Turns of the loop in which an accepted connection comes to its handler."""


@asynccontextmanager
async def a_server(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection by `handler` on a free port of loopback, which it yields."""
    tasks: set[asyncio.Future[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.ensure_future(_serve(handler, reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        # What was just accepted when a server is closed is never closed itself.
        for listener in server.sockets:
            asyncio.get_running_loop().remove_reader(listener)
        await _some_turns()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        # Also those in the middle of a TLS handshake, which no handler has got.
        await eventually(lambda: not server._active_count)  # type: ignore[attr-defined] # its own count


async def _serve(
    handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        await handler(reader, writer)
    writer.close()


async def _some_turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)

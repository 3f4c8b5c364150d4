"""WebSockets that are mostly written to: the handshake, and writing without ever waiting.

Frames are encoded before, once for everybody (see `streams`), and go straight to the connection.
Whoever does not read in time is left behind by whoever writes, which is told so.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

from aiohttp import WSCloseCode, WSMessage, hdrs, web

from pmdaemon.engine import tasks
from pmdaemon.server.http.refusals import Refusal, UpgradeRequired
from pmdaemon.server.http.streams import MOST_UNREAD, PING_FRAME

PARTING_SECONDS = 1.0
"""How long a client may take to say goodbye."""

PAUSE = 0.01
"""Seconds between two messages of one client: a hundred a second are more than anybody needs."""

# A key may come among the subprotocols, and aiohttp warns of those that it does not know.
logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)


async def open_websocket(
    request: web.Request, *, largest_message: int, protocols: Iterable[str] = ()
) -> web.WebSocketResponse:
    """Shake hands; pings are left to who asks for them.

    Raises:
        UpgradeRequired: it is a plain request.
        Refusal: the handshake is not complete.

    """
    if not wants_websocket(request):
        raise UpgradeRequired
    socket = web.WebSocketResponse(
        timeout=PARTING_SECONDS,
        autoping=False,
        compress=False,
        max_msg_size=largest_message,
        protocols=protocols,
    )
    try:
        await socket.prepare(request)
    except web.HTTPException:
        raise Refusal(
            "this is not a WebSocket handshake: it needs the headers Connection: Upgrade,"
            " Sec-WebSocket-Version: 13 and Sec-WebSocket-Key"
        ) from None
    return socket


async def messages_of(socket: web.WebSocketResponse) -> AsyncIterator[WSMessage]:
    """Read what a client says until it goes, a little at a time: a flood waits where it comes from.

    Without the pauses all that has arrived would be taken in one turn of the event loop.
    """
    async for message in socket:
        yield message
        await asyncio.sleep(PAUSE)


def wants_websocket(request: web.Request) -> bool:
    """Whether a request is the beginning of a handshake."""
    return request.headers.get(hdrs.UPGRADE, "").strip().lower() == "websocket"


class Writer:
    """The writing side of one WebSocket; nothing of it waits.

    `heard` is whether anything came from the client since the last beat.
    """

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        if request.transport is None:
            raise ConnectionResetError("the client has gone")
        self._socket = socket
        self._transport: asyncio.WriteTransport = request.transport
        self.heard = True

    @property
    def is_open(self) -> bool:
        """Whether anything can still be written."""
        return not self._transport.is_closing() and not self._socket.closed

    @property
    def is_behind(self) -> bool:
        """Whether too much waits for the client already."""
        return self._transport.get_write_buffer_size() > MOST_UNREAD

    def write(self, frames: bytes) -> None:
        """Write whole frames, so that nothing that aiohttp writes can come in between."""
        if self.is_open and frames:
            self._transport.write(frames)

    def beat(self) -> bool:
        """Ping; hang up, and say so by False, when nothing came since the last time."""
        if not self.heard:
            self._transport.abort()
            return False
        self.heard = False
        self.write(PING_FRAME)
        return True

    def close(self, code: WSCloseCode, reason: bytes) -> None:
        """Begin to say goodbye."""

        async def close() -> None:
            with suppress(ConnectionError):
                await self._socket.close(code=code, message=reason)

        tasks.spawn(close(), name="ws.close")

"""`/wss`: what happens, for whoever may read, and messages for whom they are meant.

What a client says is not listened to, as with Pup: it sends by `POST /ipc`.
"""

from aiohttp import WSCloseCode, web

from pmdaemon.core.access import Principal, Scope
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.access import presented_keys
from pmdaemon.server.http.guard import principal_of
from pmdaemon.server.http.pup.frames import FrameType, frame
from pmdaemon.server.http.pup.live import PUP_LIVE, PupFeed
from pmdaemon.server.http.websockets import Writer, messages_of, open_websocket

LARGEST_MESSAGE = 64 * 1024
"""Bytes that a client may say at once, for nothing."""


async def serve_websocket(_engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push what happens for as long as the client stays."""
    principal = principal_of(request)
    feed = request.app[PUP_LIVE]
    socket = await open_websocket(request, largest_message=LARGEST_MESSAGE)
    client = Client(feed, principal, request, Writer(socket, request))
    feed.join(client)
    leave_gate = feed.guard.gate.watch(client.hang_up_unless_welcome)
    try:
        async for message in messages_of(socket):
            client.hear()
            if message.type is web.WSMsgType.PING:
                await socket.pong(message.data)
    finally:
        leave_gate()
        feed.leave(client)
    return socket


class Client:
    """One connection."""

    def __init__(
        self, feed: PupFeed, principal: Principal, request: web.Request, writer: Writer
    ) -> None:
        self._feed = feed
        self._principal = principal
        self._request = request
        self._writer = writer
        self._missed = 0

    @property
    def reads(self) -> bool:
        """Whether it may know what happens to others."""
        return self._principal.may(Scope.READ)

    def goes_by(self, name: str) -> bool:
        """Whether messages for this name are for it."""
        principal = self._principal
        own = f"{Scope.TELEMETRY}:{name}" in principal.grants
        return name in {principal.name, principal.about} or own

    def hear(self) -> None:
        """Notice that the client is there."""
        self._writer.heard = True

    def deliver(self, data: bytes) -> None:
        """Take a frame, or leave it and lag behind."""
        if self._writer.is_behind:
            self._missed += 1
            return
        if self._missed:
            self._writer.write(frame(FrameType.LAGGED, {"missed": self._missed}))
            self._missed = 0
        self._writer.write(data)

    def beat(self) -> None:
        """Ping; hang up when nothing came since the last time, or the token is no longer good."""
        if self._writer.beat():
            self.hang_up_unless_welcome()

    def hang_up_unless_welcome(self) -> None:
        """Send the client away whose token is not what it was."""
        known = self._feed.guard.gate.recognise(presented_keys(self._request.headers))
        if known != self._principal:
            self._writer.close(WSCloseCode.POLICY_VIOLATION, b"this token is not valid any more")

    def dismiss(self) -> None:
        """Send the client away, to come back to the next daemon."""
        self._writer.close(WSCloseCode.GOING_AWAY, b"the web side is turned off, or starts anew")

"""`/ws`: what is so, pushed; and what a client may say.

Everybody gets the public feed, with a key the full one. A browser cannot set headers on a
WebSocket, so a key may also come among the subprotocols, as `pmdaemon.key.` and the key in
base64url, or in a first `auth` message.
"""

import asyncio
import binascii
from base64 import urlsafe_b64decode
from contextlib import aclosing, suppress

import msgspec
from aiohttp import WSCloseCode, WSMsgType, hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

from pmdaemon.core.errors import InvalidInput, PmdaemonError, Unsupported
from pmdaemon.core.selectors import Selector
from pmdaemon.core.wording import shown
from pmdaemon.engine import tasks
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.access import Gate, Scope, presented_keys
from pmdaemon.server.http.log_streams import LogStream
from pmdaemon.server.http.native import errors, frames
from pmdaemon.server.http.native.frames import PUSHED, Batch, Feed, FrameType
from pmdaemon.server.http.native.handlers import DEFAULT_LINES, MOST_LINES, STREAMS
from pmdaemon.server.http.native.live import LIVE, MOST_UNREAD, LiveFeed
from pmdaemon.server.http.refusals import (
    Refusal,
    TooManyClients,
    Unauthorized,
    UpgradeRequired,
)
from pmdaemon.server.http.streams import PING_FRAME

SUBPROTOCOL = "pmdaemon"
KEY_PROTOCOL = "pmdaemon.key."

MOST_LISTENERS = 4000
"""More are turned away."""

LARGEST_MESSAGE = 64 * 1024
"""Bytes that a client may say at once."""

MOST_SUBSCRIPTIONS = 32
"""Processes whose output one client may follow."""

PARTING_SECONDS = 1.0
"""How long a client may take to say goodbye."""


class Credentials(msgspec.Struct, frozen=True):
    """What an `auth` message brings."""

    key: str


class Wanted(msgspec.Struct, frozen=True):
    """What is to come, or to come no more.

    `processes` are names or ids, and say whose `log_message`s; `lines` are those that come first,
    unless `cursor` says where to go on.
    """

    events: tuple[str, ...] = (FrameType.LOG_MESSAGE,)
    processes: tuple[str | int, ...] = ()
    stream: str = "all"
    lines: int = DEFAULT_LINES
    cursor: str | None = None


class Authenticate(msgspec.Struct, frozen=True, tag="auth"):
    """Show a key."""

    data: Credentials


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe"):
    """Ask for more."""

    data: Wanted


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe"):
    """Ask for less."""

    data: Wanted


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Ask whether we are there."""


Said = Authenticate | Subscribe | Unsubscribe | Ping

_decode = msgspec.json.Decoder(Said).decode


async def serve_websocket(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push what is so for as long as the client stays."""
    live = request.app[LIVE]
    if request.headers.get(hdrs.UPGRADE, "").strip().lower() != "websocket":
        raise UpgradeRequired
    if live.listeners >= MOST_LISTENERS:
        raise TooManyClients(MOST_LISTENERS)
    headers = with_key_of_protocols(request.headers)
    feed = feed_for(live.gate, headers)
    socket = web.WebSocketResponse(
        timeout=PARTING_SECONDS,
        autoping=False,
        compress=False,
        max_msg_size=LARGEST_MESSAGE,
        protocols=(SUBPROTOCOL,),
    )
    try:
        await socket.prepare(request)
    except web.HTTPException as refused:
        raise Refusal(f"this is no handshake of a WebSocket: {shown(refused.text)}") from None
    if request.transport is None:
        return socket
    client = Client(engine, live, socket, request.transport, headers=headers, feed=feed)
    live.join(client)
    try:
        await client.listen()
    finally:
        live.leave(client)
        client.end()
    return socket


def feed_for(gate: Gate, headers: "Headers") -> Feed:
    """Say how much somebody gets to see who comes with these headers.

    Raises:
        Unauthorized: the key is wrong.
        PermissionDenied: it is a foreign page, where there is no key.

    """
    try:
        gate.admit(headers, Scope.READ)
    except Unauthorized:
        if any(True for _ in presented_keys(headers)):
            raise
        return Feed.PUBLIC
    return Feed.FULL


Headers = CIMultiDictProxy[str] | CIMultiDict[str]


def with_key_of_protocols(headers: Headers) -> Headers:
    """Read the key that a browser can put nowhere but among the subprotocols."""
    offered = [
        protocol.strip()
        for value in headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ())
        for protocol in value.split(",")
    ]
    for protocol in offered:
        if protocol.startswith(KEY_PROTOCOL):
            encoded = protocol.removeprefix(KEY_PROTOCOL)
            try:
                key = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
            except (binascii.Error, ValueError):
                raise Unauthorized("the key among the subprotocols is not in base64url") from None
            return _with_key(headers, key)
    return headers


def _with_key(headers: Headers, key: str) -> Headers:
    return CIMultiDict([*headers.items(), ("X-API-Key", key)])


class Client:
    """One connection: what it is told, and what it has asked for."""

    def __init__(
        self,
        engine: Engine,
        live: LiveFeed,
        socket: web.WebSocketResponse,
        transport: asyncio.WriteTransport,
        *,
        headers: Headers,
        feed: Feed,
    ) -> None:
        self.feed = feed
        self._engine = engine
        self._live = live
        self._socket = socket
        self._transport = transport
        self._headers = headers
        self._unwanted: frozenset[str] = frozenset()
        self._missed = 0
        self._heard = True
        self._subscriptions: dict[str, asyncio.Task[None]] = {}

    def deliver(self, batch: Batch) -> None:
        """Write what is new, straight to the connection; when too much waits there, leave it."""
        # Whole frames, so nothing that aiohttp writes can come in between.
        if self._transport.is_closing() or self._socket.closed:
            return
        if self._transport.get_write_buffer_size() > MOST_UNREAD:
            self._missed += 1
        elif self._missed:
            lagged = self._live.frame(FrameType.LAGGED, {"missed": self._missed})
            self._missed = 0
            again = Batch([lagged, *self._live.whole_list(self.feed).frames])
            self._transport.write(again.websocket(self._unwanted))
        elif data := batch.websocket(self._unwanted):
            self._transport.write(data)

    def beat(self) -> None:
        """Ping; hang up when nothing came since the last time, or the key is no longer good."""
        if not self._heard:
            self._transport.abort()
            return
        self._heard = False
        if not self._may_stay():
            self._close(WSCloseCode.POLICY_VIOLATION, b"this key is not valid any more")
        elif not self._transport.is_closing() and not self._socket.closed:
            self._transport.write(PING_FRAME)

    def dismiss(self) -> None:
        """Send the client away, to come back to the next daemon."""
        self._close(WSCloseCode.GOING_AWAY, b"the web side is turned off, or starts anew")

    def end(self) -> None:
        """Read no output any more."""
        for task in self._subscriptions.values():
            task.cancel()

    async def listen(self) -> None:
        """Do what the client says until it goes."""
        async for message in self._socket:
            self._heard = True
            match message.type:
                case WSMsgType.TEXT:
                    await self._heed(message.data)
                case WSMsgType.PING:
                    await self._socket.pong(message.data)
                case WSMsgType.BINARY:
                    await self._say_error(InvalidInput("cannot use this message: it is not text"))
                case _:
                    pass

    async def _heed(self, text: str) -> None:
        try:
            await self._do(_decode(text))
        except msgspec.ValidationError as error:
            await self._say_error(InvalidInput(f"cannot use this message: {shown(str(error))}"))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            await self._say_error(InvalidInput(f"this message is not JSON: {shown(str(error))}"))
        except PmdaemonError as error:
            await self._say_error(error)

    async def _do(self, said: Said) -> None:
        match said:
            case Ping():
                await self._say(FrameType.PONG, {})
            case Authenticate(credentials):
                await self._authenticate(credentials.key)
            case Subscribe(wanted):
                await self._subscribe(wanted)
            case Unsubscribe(wanted):
                await self._unsubscribe(wanted)

    async def _authenticate(self, key: str) -> None:
        headers = _with_key(self._headers, key)
        self.feed = feed_for(self._live.gate, headers)
        self._headers = headers
        await self._say(FrameType.AUTHENTICATED, {"feed": self.feed})
        self.deliver(self._live.whole_list(self.feed))

    async def _subscribe(self, wanted: Wanted) -> None:
        events = _checked(wanted)
        names = [str(one) for one in wanted.processes] if FrameType.LOG_MESSAGE in events else []
        if names and self.feed is not Feed.FULL:
            raise Unauthorized("following output needs an API key")
        if len(self._subscriptions.keys() | set(names)) > MOST_SUBSCRIPTIONS:
            raise InvalidInput(f"cannot follow more than {MOST_SUBSCRIPTIONS} processes at a time")
        streams = {name: self._log_stream(name, wanted) for name in names}
        self._unwanted -= events
        await self._say(
            FrameType.SUBSCRIBED, {"events": sorted(events), "processes": list(wanted.processes)}
        )
        for name, stream in streams.items():
            await self._end_subscription(name)
            self._subscriptions[name] = tasks.spawn(
                self._push_output(name, stream), name=f"ws.logs {name}"
            )

    async def _unsubscribe(self, wanted: Wanted) -> None:
        events = _checked(wanted)
        self._unwanted |= events - {FrameType.LOG_MESSAGE}
        if FrameType.LOG_MESSAGE in events:
            names = [str(one) for one in wanted.processes] or list(self._subscriptions)
            for name in names:
                await self._end_subscription(name)
        await self._say(
            FrameType.UNSUBSCRIBED, {"events": sorted(events), "processes": list(wanted.processes)}
        )

    def _log_stream(self, name: str, wanted: Wanted) -> LogStream:
        if wanted.stream not in STREAMS:
            raise InvalidInput(
                f"cannot follow stream {shown(wanted.stream)}: it is one of {', '.join(STREAMS)}"
            )
        if not 0 <= wanted.lines <= MOST_LINES:
            raise InvalidInput(f"cannot begin with {wanted.lines} lines: 0 to {MOST_LINES} are")
        return LogStream(
            self._engine,
            [Selector(name, narrow=True)],
            STREAMS[wanted.stream],
            lines=wanted.lines,
            cursor=wanted.cursor,
        )

    async def _end_subscription(self, name: str) -> None:
        task = self._subscriptions.pop(name, None)
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _push_output(self, name: str, stream: LogStream) -> None:
        """Send lines as they come; a client that is slow to read gets them later."""
        try:
            async with aclosing(stream.read()) as batches:
                async for pieces in batches:
                    for piece in pieces:
                        frame = frames.output_frame(piece, self._engine.clock.now().wall)
                        await self._socket.send_str(frame.body.decode())
            await self._say(
                FrameType.UNSUBSCRIBED, {"events": [FrameType.LOG_MESSAGE], "processes": [name]}
            )
        except ConnectionError:
            return  # the client has gone
        except PmdaemonError as error:
            await self._say_error(error)

    async def _say(self, kind: FrameType, data: object) -> None:
        await self._socket.send_str(self._live.frame(kind, data).body.decode())

    async def _say_error(self, error: PmdaemonError) -> None:
        await self._say(FrameType.ERROR, errors.error_view(error))

    def _may_stay(self) -> bool:
        try:
            allowed = feed_for(self._live.gate, self._headers)
        except Refusal:
            return False
        return self.feed is Feed.PUBLIC or allowed is Feed.FULL

    def _close(self, code: WSCloseCode, reason: bytes) -> None:
        async def close() -> None:
            with suppress(ConnectionError):
                await self._socket.close(code=code, message=reason)

        tasks.spawn(close(), name="ws.close")


def _checked(wanted: Wanted) -> frozenset[str]:
    known = {*PUSHED, FrameType.LOG_MESSAGE}
    unknown = sorted(set(wanted.events) - known)
    if unknown:
        raise Unsupported(
            f"there are no events called {shown(unknown[0])}; there are {', '.join(sorted(known))}"
        )
    return frozenset(wanted.events)

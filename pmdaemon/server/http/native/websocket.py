"""`/ws`: what is so, pushed; and what a client may say.

Everybody gets the public feed, unless that is closed, and with a key the full one. A browser cannot
set headers on a WebSocket, so a key may also come among the subprotocols, as `pmdaemon.key.` and
the key in base64url, or in a first `auth` message.
"""

import asyncio
import binascii
from base64 import urlsafe_b64decode
from collections.abc import Callable
from contextlib import aclosing, suppress

import msgspec
from aiohttp import WSCloseCode, WSMsgType, hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

from pmdaemon.core.access import Scope
from pmdaemon.core.errors import InvalidInput, PmdaemonError, Unsupported
from pmdaemon.core.misfits import misfit, no_json
from pmdaemon.core.selectors import Selector
from pmdaemon.core.wording import shown
from pmdaemon.engine import tasks
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import Cancellable
from pmdaemon.server.http.access import Gate, presented_keys
from pmdaemon.server.http.log_streams import LogStream
from pmdaemon.server.http.native import errors, frames
from pmdaemon.server.http.native.frames import PUSHED, Batch, Feed, FrameType
from pmdaemon.server.http.native.handlers import DEFAULT_LINES, MOST_LINES, STREAMS
from pmdaemon.server.http.native.live import LIVE, LiveFeed
from pmdaemon.server.http.refusals import (
    Refusal,
    Unauthorized,
    UpgradeRequired,
)
from pmdaemon.server.http.websockets import Writer, messages_of, open_websocket, wants_websocket

SUBPROTOCOL = "pmdaemon"
KEY_PROTOCOL = "pmdaemon.key."

LARGEST_MESSAGE = 64 * 1024
"""Bytes that a client may say at once."""

MOST_SUBSCRIPTIONS = 32
"""Processes whose output one client may follow."""

KEY_SECONDS = 10.0
"""How long a client may take to show a key, where one is needed to be told anything."""


class Credentials(msgspec.Struct, frozen=True):
    """What an `auth` message brings."""

    key: str


class Wanted(msgspec.Struct, frozen=True):
    """What should come, or should no longer come.

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
    if not wants_websocket(request):
        raise UpgradeRequired
    headers = with_key_of_protocols(request.headers)
    feed = feed_for(live.guard.gate, headers)
    socket = await open_websocket(
        request, largest_message=LARGEST_MESSAGE, protocols=(SUBPROTOCOL,)
    )
    client = Client(engine, live, socket, request, headers=headers, feed=feed)
    try:
        client.begin()
        await client.listen()
    finally:
        client.end()
    return socket


def feed_for(gate: Gate, headers: "Headers") -> Feed | None:
    """Say how much somebody gets to see who comes with these headers; None is nothing as yet.

    Raises:
        Unauthorized: the key is wrong.
        PermissionDenied: it is a foreign page, where there is no key.

    """
    try:
        gate.admit(headers, Scope.READ)
    except Unauthorized:
        if any(True for _ in presented_keys(headers)):
            raise
        return Feed.PUBLIC if gate.settings.ws_public else None
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
        request: web.Request,
        *,
        headers: Headers,
        feed: Feed | None,
    ) -> None:
        self._writer = Writer(socket, request)
        self.feed = feed or Feed.PUBLIC
        self._joined = False
        self._leave_gate: Callable[[], None] | None = None
        self._admitted = feed is not None
        self._deadline: Cancellable | None = None
        self._request = request
        self._engine = engine
        self._live = live
        self._socket = socket
        self._handshake = self._headers = headers
        self._unwanted: frozenset[str] = frozenset()
        self._missed = 0
        self._subscriptions: dict[str, asyncio.Task[None]] = {}

    def deliver(self, batch: Batch) -> None:
        """Write what is new, straight to the connection; when too much waits there, leave it."""
        if not self._writer.is_open:
            return
        if self._writer.is_behind:
            self._missed += 1
        elif self._missed:
            lagged = self._live.frame(FrameType.LAGGED, {"missed": self._missed})
            self._missed = 0
            again = Batch([lagged, *self._live.whole_list(self.feed).frames])
            self._writer.write(again.websocket(self._unwanted))
        else:
            self._writer.write(batch.websocket(self._unwanted))

    def beat(self) -> None:
        """Ping; hang up when nothing came since the last time, or the key is no longer good."""
        if self._writer.beat():
            self._hang_up_unless_welcome()

    def dismiss(self) -> None:
        """Send the client away, to come back to the next daemon."""
        self._close(WSCloseCode.GOING_AWAY, b"the web side is turned off, or starts anew")

    def begin(self) -> None:
        """Listen to what is so, or wait for a key."""
        if self._admitted:
            self._join()
        else:
            self._deadline = self._engine.clock.call_later(KEY_SECONDS, self._wait_no_longer)

    def end(self) -> None:
        """Listen no more, and read no output."""
        if self._joined:
            self._live.leave(self)
        if self._leave_gate is not None:
            self._leave_gate()
        if self._deadline is not None:
            self._deadline.cancel()
        for task in self._subscriptions.values():
            task.cancel()

    async def listen(self) -> None:
        """Do what the client says until it goes."""
        async for message in messages_of(self._socket):
            self._writer.heard = True
            match message.type:
                case WSMsgType.TEXT:
                    await self._on_text(message.data)
                case WSMsgType.PING:
                    await self._socket.pong(message.data)
                case WSMsgType.BINARY:
                    await self._say_error(InvalidInput("cannot use this message: it is not text"))
                case _:
                    pass

    def _join(self) -> None:
        self._joined = True
        self._leave_gate = self._live.guard.gate.watch(self._hang_up_unless_welcome)
        self._live.join(self)

    def _wait_no_longer(self) -> None:
        self._close(WSCloseCode.POLICY_VIOLATION, b"no key has come")

    async def _on_text(self, text: str) -> None:
        try:
            await self._do(_decode(text))
        except msgspec.ValidationError as error:
            await self._say_error(InvalidInput(f"cannot use this message: {misfit(error)}"))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            await self._say_error(InvalidInput(f"this message is not JSON: {no_json(error)}"))
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
        self._live.guard.charge(self._request, None)  # a try counts as a request
        headers = _with_key(self._handshake, key)
        self.feed = feed_for(self._live.guard.gate, headers) or Feed.PUBLIC
        self._headers = headers
        await self._say(FrameType.AUTHENTICATED, {"feed": self.feed})
        if self._deadline is not None:
            self._deadline.cancel()
        if self._joined:
            self.deliver(self._live.whole_list(self.feed))
        else:
            self._join()

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
                f"not a stream: {shown(wanted.stream)} (there are {', '.join(STREAMS)})"
            )
        if not 0 <= wanted.lines <= MOST_LINES:
            raise InvalidInput(
                f"cannot begin with {shown(wanted.lines)} lines: it must be 0 to {MOST_LINES}"
            )
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
            try:
                await self._push_lines(stream)
            finally:
                self._subscriptions.pop(name, None)
            await self._say(
                FrameType.UNSUBSCRIBED, {"events": [FrameType.LOG_MESSAGE], "processes": [name]}
            )
        except ConnectionError:
            return  # the client has gone
        except PmdaemonError as error:
            await self._say_error(error)

    async def _push_lines(self, stream: LogStream) -> None:
        async with aclosing(stream.read()) as batches:
            async for pieces in batches:
                for piece in pieces:
                    frame = frames.output_frame(piece, self._engine.clock.now().wall)
                    await self._socket.send_str(frame.body.decode())

    async def _say(self, kind: FrameType, data: object) -> None:
        await self._socket.send_str(self._live.frame(kind, data).body.decode())

    async def _say_error(self, error: PmdaemonError) -> None:
        await self._say(FrameType.ERROR, errors.error_view(error))

    def _hang_up_unless_welcome(self) -> None:
        try:
            allowed = feed_for(self._live.guard.gate, self._headers)
        except Refusal:
            allowed = None
        if allowed not in {self.feed, Feed.FULL}:
            self._close(WSCloseCode.POLICY_VIOLATION, b"this key is not valid any more")

    def _close(self, code: WSCloseCode, reason: bytes) -> None:
        self._writer.close(code, reason)


def _checked(wanted: Wanted) -> frozenset[str]:
    known = {*PUSHED, FrameType.LOG_MESSAGE}
    unknown = sorted(set(wanted.events) - known)
    if unknown:
        raise Unsupported(
            f"there are no events called {shown(unknown[0])}; there are {', '.join(sorted(known))}"
        )
    return frozenset(wanted.events)

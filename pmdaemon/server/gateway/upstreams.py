"""Connections to the targets, kept for the next request where that is possible."""

import asyncio
import os
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from pmdaemon.server.gateway.framing import Framing, MalformedMessage, UntilClose
from pmdaemon.server.gateway.heads import (
    END_OF_HEAD,
    LONGEST_HEAD,
    ResponseHead,
    read_response,
)

CONNECT_TIMEOUT = 5.0
"""Seconds within which a target on this machine, or near it, takes a connection."""

IDLE_PER_TARGET = 32
"""Connections that are kept though nobody uses them."""

IDLE_SECONDS = 30.0
"""How long they are kept: less than what servers usually allow."""


LONG_REST = 1.0
"""Seconds after which a kept connection is not used for what must not be sent twice."""

LOOPBACK = ("127.0.0.1", "::1")

STATUS_LINE = b"HTTP/1."

P = TypeVar("P", bound=asyncio.Protocol)


class UpstreamFailed(Exception):
    """A target that did not answer, or not with what can be passed on.

    `reached` tells whether it may have had the request.
    """

    def __init__(self, reason: str, *, reached: bool, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reached = reached
        self.timed_out = timed_out


class Receiver(Protocol):
    """Who takes a response as it comes."""

    @property
    def wants_body(self) -> bool:
        """Whether there is more of the request to come."""

    @property
    def upgrades(self) -> bool:
        """Whether it was asked to go over to another protocol."""

    def response_began(self, head: ResponseHead, framing: Framing) -> None:
        """Take its head; those of informational responses come before the real one."""

    def response_data(self, data: bytes) -> None:
        """Take a piece of its body, framed as it came."""

    def response_flushed(self) -> None:
        """No more of it has come so far."""

    def response_ended(self) -> None:
        """There is no more."""

    def response_failed(self, error: UpstreamFailed) -> None:
        """There will be no more."""

    def tunnel_ended(self) -> None:
        """The other side of an upgraded connection is closed."""

    def upstream_writable(self, *, writable: bool) -> None:
        """Go on with the body of the request, or wait."""


class UpstreamConnection(asyncio.Protocol):
    """One connection to a target, for one request at a time."""

    def __init__(self, pool: "UpstreamPool", address: tuple[str, int]) -> None:
        self._pool = pool
        self._address = address
        self._transport: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._method = b""
        self._head = b""
        self._framing: Framing | None = None
        self._keep = False
        self._answered = False
        self.tunnel = False
        self.used_before = False
        self.rests_since = 0.0

    # For those who use it.

    def begin(self, receiver: Receiver, method: bytes, request: bytes) -> None:
        """Send the head of a request, and what there is of its body."""
        self._receiver = receiver
        self._method = method
        self._head, self._framing, self._answered = b"", None, False
        self.write(request)

    def write(self, data: bytes) -> None:
        """Send more of the body, or of what goes through the tunnel."""
        if self._transport is not None:
            self._transport.write(data)

    def pause(self) -> None:
        """Read no more for now: whom it is for does not keep up."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def close_writing(self) -> None:
        """Tell the target that nothing more comes through the tunnel."""
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()

    def abandon(self) -> None:
        """Have nothing to do with it any more, whatever it is doing."""
        self._receiver = None
        if self._transport is not None:
            self._transport.abort()

    @property
    def usable(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    # For asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note that it is there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Pass on what the target says."""
        if self._receiver is None:
            # Nobody asked it anything.
            self.abandon()
        elif self.tunnel:
            self._receiver.response_data(data)
        else:
            try:
                self._take(data)
                if self._receiver is not None:
                    self._receiver.response_flushed()
            except MalformedMessage as error:
                self._fail(f"what it answers is not HTTP: {error}")

    def eof_received(self) -> bool:
        """Take its end for the end of a body that has no other."""
        if self._receiver is not None and not self.tunnel:
            if self._open_ended:
                self._finish()
            else:
                self._fail("it closed the connection before it had answered")
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits for an answer."""
        self._transport = None
        self._pool.forget(self._address, self)
        if self._receiver is not None:
            if self.tunnel:
                receiver, self._receiver = self._receiver, None
                receiver.tunnel_ended()
            else:
                self._fail(f"the connection broke: {error}" if error else "it hung up")

    def pause_writing(self) -> None:
        """Ask the client to wait."""
        if self._receiver is not None:
            self._receiver.upstream_writable(writable=False)

    def resume_writing(self) -> None:
        """Let the client go on."""
        if self._receiver is not None:
            self._receiver.upstream_writable(writable=True)

    # Inside.

    @property
    def _open_ended(self) -> bool:
        return isinstance(self._framing, UntilClose)

    def _take(self, data: bytes) -> None:
        receiver = self._receiver
        while data and receiver is not None and not self.tunnel:
            if self._framing is None:
                data = self._take_head(receiver, data)
            else:
                taken = self._framing.feed(data)
                receiver.response_data(data if taken == len(data) else data[:taken])
                data = data[taken:]
            if self._framing is not None and self._framing.done:
                if data:
                    self._keep = False
                self._finish()
                return
        if data and self.tunnel and receiver is not None:
            receiver.response_data(data)

    def _take_head(self, receiver: Receiver, data: bytes) -> bytes:
        self._head += data
        self._answered = True
        end = self._head.find(END_OF_HEAD)
        if max(end, len(self._head) if end < 0 else 0) > LONGEST_HEAD:
            raise MalformedMessage("its head is too long")
        if end < 0:
            if not self._head.startswith(STATUS_LINE[: len(self._head)]) or b"\n\n" in self._head:
                raise MalformedMessage("it does not begin with the head of a response")
            return b""
        end += len(END_OF_HEAD)
        head, rest = read_response(self._head[:end]), self._head[end:]
        self._head = b""
        framing = head.framing(self._method)
        if head.status == 101:
            if not receiver.upgrades:
                raise MalformedMessage("it goes over to another protocol unasked")
            self.tunnel = True
        elif head.status >= 200:
            self._framing = framing
            self._keep = head.keep_alive
        receiver.response_began(head, framing)
        return rest

    def _finish(self) -> None:
        receiver, self._receiver = self._receiver, None
        # The rest of a request that was answered early would be taken for the next one.
        whole = receiver is not None and not receiver.wants_body
        if self._open_ended or not self._keep or not whole:
            if self._transport is not None:
                self._transport.close()
        else:
            self.used_before = True
            # Whom the end of this was for may not have kept up; the next one is somebody else.
            self.resume()
            self._pool.put_back(self._address, self)
        if receiver is not None:
            receiver.response_ended()

    def _fail(self, reason: str) -> None:
        receiver, self._receiver = self._receiver, None
        if self._transport is not None:
            self._transport.abort()
        if receiver is not None:
            # A kept connection that ends before a word was said was closed before we wrote.
            reached = self._answered or not self.used_before
            receiver.response_failed(UpstreamFailed(reason, reached=reached))


class UpstreamPool:
    """Connections by address."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[UpstreamConnection]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def get(
        self, address: tuple[str, int], *, fresh: bool = False, rested: bool = True
    ) -> UpstreamConnection:
        """Take a connection that is kept, or make one.

        With `fresh`, make one. Without `rested`, take none that was left alone for long, as its
        other end may be about to close it.

        Raises:
            UpstreamFailed: the target takes none; it has not had the request.

        """
        idle = self._idle.get(address) if not fresh else None
        loop = asyncio.get_running_loop()
        while idle:
            connection = idle.pop()
            if not rested and loop.time() - connection.rests_since > LONG_REST:
                connection.abandon()
            elif connection.usable:
                return connection
        return await connect(address, lambda: UpstreamConnection(self, address))

    def put_back(self, address: tuple[str, int], connection: UpstreamConnection) -> None:
        """Keep a connection for the next request."""
        idle = self._idle.setdefault(address, [])
        if len(idle) >= IDLE_PER_TARGET or not connection.usable:
            connection.abandon()
            return
        idle.append(connection)
        loop = asyncio.get_running_loop()
        connection.rests_since = loop.time()
        if self._sweep is None:
            self._sweep = loop.call_later(IDLE_SECONDS, self._drop_rested)

    def forget(self, address: tuple[str, int], connection: UpstreamConnection) -> None:
        """Keep a connection no longer that is gone."""
        if connection in (idle := self._idle.get(address, [])):
            idle.remove(connection)
        if not idle:
            self._idle.pop(address, None)

    def drop(self, address: tuple[str, int]) -> None:
        """Close what is kept of a target that is no more."""
        for connection in self._idle.pop(address, []):
            connection.abandon()

    def _drop_rested(self) -> None:
        """Close what nobody has used for long, and look again when the next may be due."""
        loop = asyncio.get_running_loop()
        since = loop.time() - IDLE_SECONDS
        self._sweep, oldest = None, None
        for connection in [one for idle in self._idle.values() for one in idle]:
            if connection.rests_since <= since:
                connection.abandon()
            elif oldest is None or connection.rests_since < oldest:
                oldest = connection.rests_since
        if oldest is not None:
            self._sweep = loop.call_at(oldest + IDLE_SECONDS, self._drop_rested)

    def close(self) -> None:
        """Close all that is kept."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for address in list(self._idle):
            self.drop(address)


async def connect(address: tuple[str, int], protocol: Callable[[], P]) -> P:
    """Connect to a target; one on `localhost` may listen on either loopback address.

    Raises:
        UpstreamFailed: it takes no connection.

    """
    host, tcp_port = address
    loop = asyncio.get_running_loop()
    failure: OSError | None = None
    for candidate in LOOPBACK if host == "localhost" else (host,):
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, connection = await loop.create_connection(protocol, candidate, tcp_port)
        except TimeoutError:
            reason = "it does not take the connection"
            raise UpstreamFailed(reason, reached=False, timed_out=True) from None
        except OSError as error:
            failure = failure or error
        else:
            return connection
    reason = os.strerror(failure.errno).lower() if failure and failure.errno else str(failure)
    raise UpstreamFailed(reason, reached=False)

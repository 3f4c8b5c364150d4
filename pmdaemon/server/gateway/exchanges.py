"""One request and its response, on their way between a client and a target.

Bytes go through as they come: what the target says is written to the client in the same callback,
and whoever does not keep up has the other side wait. Only the heads are held and looked at.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from pmdaemon.server.gateway.framing import Chunked, Framing, UntilClose
from pmdaemon.server.gateway.heads import RequestHead, ResponseHead, response_bytes
from pmdaemon.server.gateway.upstreams import UpstreamConnection, UpstreamFailed

REPLAYABLE = 64 * 1024
"""Bytes of a request's body that are kept, so that it can be sent to another target."""

HARMLESS_TWICE = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"})
"""Methods that may reach a service twice (RFC 9110, section 9.2.2)."""

LAST_CHUNK = b"0\r\n\r\n"

NOTHING = (b"",)

EVENTS = b"text/event-stream"
"""What ends when its client has had enough, or never; whoever loses it comes again."""

ANSWER_SECONDS = 300.0
"""How long a target may take until it begins to answer, once it has the whole request."""


class ClientSide(Protocol):
    """The connection to the client, as an exchange sees it."""

    peer: str
    local_port: int
    secure: bool
    closing: bool
    full: bool

    def write(self, data: bytes) -> None:
        """Send something to the client."""

    def pause(self) -> None:
        """Read no more of the request for now."""

    def resume(self) -> None:
        """Read again."""

    def take_waiting(self) -> bytes:
        """Hand over what the client has said since its request."""

    def abort(self) -> None:
        """Let the client know by a broken connection that a response is not whole."""

    def finished(self, exchange: "Exchange", *, keep: bool) -> None:
        """Go on to the next request, or close."""


class Tap(Protocol):
    """Somebody who reads along."""

    def request_data(self, data: bytes) -> None:
        """See a piece of the request's body."""

    def response_data(self, data: bytes) -> None:
        """See a piece of the response's body."""


class Exchange:
    """A request that is being answered.

    `goes_on` is called when the answer turns out to have no end of its own.
    """

    def __init__(self, client: ClientSide, request: RequestHead, framing: Framing) -> None:
        self.client = client
        self.request = request
        self.tap: Tap | None = None
        self.status = 0
        self.received = 0
        self.sent = 0
        self.target: tuple[str, int] | None = None
        self.broken = False
        self.response: ResponseHead | None = None
        self.goes_on: Callable[[], None] | None = None
        self._framing = framing
        self.request_chunked = isinstance(framing, Chunked)
        self.response_chunked = False
        self._kept_whole = True
        self._task: asyncio.Task[None] | None = None
        self._kept: list[bytes] = []
        self._upstream: UpstreamConnection | None = None
        self._over: asyncio.Future[None] | None = None
        self._asked = 0.0
        self._unsent = b""
        self._rechunk = False
        self._dechunk: Chunked | None = None
        self._keep = request.keep_alive
        self._begun = False
        self._closed = False

    # The request, as the client's connection reads it.

    @property
    def wants_body(self) -> bool:
        """Whether more of the request is to come."""
        return not self._framing.done

    @property
    def tunnel(self) -> bool:
        """Whether it has become a connection for anything in both directions."""
        return self._upstream is not None and self._upstream.tunnel

    def take_body(self, data: bytes) -> int:
        """Take a piece of the body; return how many bytes belong to it.

        Raises:
            MalformedMessage: it breaks its framing.

        """
        if self._closed:
            return len(data)
        taken = self._framing.feed(data)
        piece = data if taken == len(data) else data[:taken]
        self.received += taken
        if self.tap is not None:
            self.tap.request_data(piece)
        if self._upstream is not None:
            self._upstream.write(piece)
        if self._upstream is None or (self._kept_whole and self.received <= REPLAYABLE):
            self._kept.append(piece)
            if self.received > REPLAYABLE:
                self.client.pause()
        else:
            self._forget_body()
        return taken

    def _forget_body(self) -> None:
        self._kept.clear()
        self._kept_whole = False

    def take_tunnelled(self, data: bytes) -> None:
        """Take what the client says through the tunnel."""
        self.received += len(data)
        if self._upstream is not None:
            self._upstream.write(data)

    def attach(self, tap: Tap) -> None:
        """Have somebody read along, from the beginning."""
        self.tap = tap
        for piece in self._kept:
            tap.request_data(piece)

    def belongs_to(self, task: asyncio.Task[None]) -> None:
        """Know who sees to it that this is answered."""
        self._task = task

    def client_gone(self) -> None:
        """Give up: nobody waits for an answer."""
        self.broken = not self._closed
        self._closed = True
        if self._upstream is not None:
            self._upstream.abandon()
        if self._task is not None:
            self._task.cancel()

    def client_eof(self) -> None:
        """Tell the target that the client says no more."""
        if self._upstream is not None and self.tunnel:
            self._upstream.close_writing()

    def client_writable(self, *, writable: bool) -> None:
        """Go on with the response, or wait."""
        if self._upstream is not None:
            if writable:
                self._upstream.resume()
            else:
                self._upstream.pause()

    # The way there and back.

    @property
    def begun(self) -> bool:
        """Whether the client has been told anything that cannot be taken back."""
        return self._begun

    @property
    def repeatable(self) -> bool:
        """Whether all of the request that there was so far is still here."""
        return self._kept_whole

    @property
    def upgrades(self) -> bool:
        """Whether the client asked to go over to another protocol."""
        return self.request.upgrade is not None

    async def run(self, upstream: UpstreamConnection, head: bytes) -> None:
        """Send the request to a target, and the response to the client.

        Raises:
            UpstreamFailed: there is no response, or not all of it.

        """
        loop = asyncio.get_running_loop()
        self._over, self._asked = loop.create_future(), loop.time()
        self._upstream = upstream
        upstream.begin(self, self.request.method, b"".join([head, *self._kept]))
        if self.received > REPLAYABLE:
            self._forget_body()
        self.client.resume()
        if self.client.full:
            upstream.pause()  # with what it was answered before
        try:
            await self._over
        except asyncio.CancelledError:
            upstream.abandon()
            raise

    def look(self, now: float) -> None:
        """Give up a target that has had the request for long, and says nothing."""
        if self._begun or self._upstream is None:
            return
        if self.wants_body:
            self._asked = now
        if now - self._asked < ANSWER_SECONDS:
            return
        self._upstream.abandon()
        reason = f"nothing came within {ANSWER_SECONDS:.0f} s"
        self.response_failed(UpstreamFailed(reason, reached=True, timed_out=True))

    def answer(
        self, status: int, reason: bytes, body: bytes, *headers: tuple[bytes, bytes]
    ) -> None:
        """Answer the client ourselves."""
        self._begun = True
        self.status = status
        self._keep = self._keep and not self.wants_body and not self.client.closing
        length = b"%d" % len(body)
        head = ResponseHead(status, reason, "1.1", [(b"Content-Length", length)], {}, self._keep)
        without = self.request.method == b"HEAD"
        self.client.write(
            response_bytes(head, [*headers, *self._connection()], chunked=False)
            + (b"" if without else body)
        )
        self.sent += 0 if without else len(body)
        self._finish()

    # What comes from the target.

    def response_began(self, head: ResponseHead, framing: Framing) -> None:
        """Pass the head on, worded for this client."""
        if head.status < 200 and head.status != 101:
            if self.request.version == "1.1":
                self.client.write(response_bytes(head, (), chunked=False))
            return
        self._begun = True
        self._keep = self._keep and not self.client.closing
        self.status = head.status
        self.response = head
        if head.status == 101:
            self._has_no_end()
            upgrade = (b"connection", b"upgrade"), (b"upgrade", self.request.upgrade or b"")
            self.client.write(response_bytes(head, upgrade, chunked=False))
            if waiting := self.client.take_waiting():
                self.take_tunnelled(waiting)
            return
        if head.found.get(b"content-type", NOTHING)[0].startswith(EVENTS):
            self._has_no_end()
        chunked = isinstance(framing, Chunked | UntilClose)
        if self.request.version == "1.0" and chunked:
            self._keep, chunked = False, False
            if isinstance(framing, Chunked):
                self._dechunk = Chunked(self._write_body)
        self.response_chunked = chunked
        self._rechunk = chunked and isinstance(framing, UntilClose)
        # With the beginning of the body, where that has come already: one piece in place of two.
        self._unsent = response_bytes(head, self._connection(), chunked=chunked)

    def response_data(self, data: bytes) -> None:
        """Pass a piece of the body on."""
        if self._dechunk is not None:
            self._dechunk.feed(data)
        elif self._rechunk:
            self._write_body(b"%x\r\n%b\r\n" % (len(data), data))
        else:
            self._write_body(data)

    def response_flushed(self) -> None:
        """Send what is still held back."""
        if self._unsent:
            unsent, self._unsent = self._unsent, b""
            self.client.write(unsent)

    def response_ended(self) -> None:
        """Have done with it."""
        # First, as a client that does not keep up has nothing to do with the target any more.
        self._upstream = None
        if self._rechunk:
            self._unsent += LAST_CHUNK
        self.response_flushed()
        self._finish()

    def response_failed(self, error: UpstreamFailed) -> None:
        """Leave it to whoever runs this what comes of it."""
        self._upstream = None
        if self._unsent:
            # The client has heard nothing of it yet.
            self._unsent, self._begun, self.response = b"", False, None
        if self._over is not None and not self._over.done():
            self._over.set_exception(error)

    def tunnel_ended(self) -> None:
        """Close the other side of the tunnel, too."""
        self._upstream = None
        self._keep = False
        self._finish()

    def upstream_writable(self, *, writable: bool) -> None:
        """Have the client wait with its body, or go on."""
        if writable:
            self.client.resume()
        else:
            self.client.pause()

    def _has_no_end(self) -> None:
        if self.goes_on is not None:
            self.goes_on()

    def _write_body(self, data: bytes) -> None:
        self.sent += len(data)
        if self.tap is not None:
            self.tap.response_data(data)
        if self._unsent:
            data, self._unsent = self._unsent + data, b""
        self.client.write(data)

    def _connection(self) -> tuple[tuple[bytes, bytes], ...]:
        """Say what becomes of the connection, where that does not go without saying."""
        if not self._keep:
            return ((b"connection", b"close"),)
        return () if self.request.version == "1.1" else ((b"connection", b"keep-alive"),)

    def _finish(self) -> None:
        self._closed = True
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
        self.client.finished(self, keep=self._keep and not self.wants_body)

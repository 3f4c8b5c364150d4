"""Connections from clients: requests, one after the other."""

import asyncio
from collections.abc import Callable
from typing import cast

from pmdaemon.server.gateway.exchanges import Exchange
from pmdaemon.server.gateway.framing import MalformedMessage
from pmdaemon.server.gateway.heads import (
    END_OF_HEAD,
    LONGEST_HEAD,
    HeadTooLong,
    NotSupported,
    read_request,
)

MOST_WAITING = 64 * 1024
"""Bytes of requests that were sent before the one before them was answered."""

HEAD_SECONDS = 15.0
"""How long the head of a request may take, from its first byte."""

IDLE_SECONDS = 75.0
"""How long a connection may wait for its next request, or a body for its next piece."""

LINGER_SECONDS = 2.0
"""How long the rest of a request is read that nobody wants."""


class TooSlow(Exception):
    """A head that does not come to its end."""


REFUSALS = {
    MalformedMessage: (400, b"Bad Request"),
    TooSlow: (408, b"Request Timeout"),
    HeadTooLong: (431, b"Request Header Fields Too Large"),
    NotSupported: (501, b"Not Implemented"),
}


class ClientConnection(asyncio.Protocol):
    """One connection from a client.

    `handle` is called with each request, and has to see that it is answered; `lost` once, at the
    end of the connection.
    """

    def __init__(
        self,
        handle: Callable[[Exchange], None],
        lost: Callable[["ClientConnection"], None],
        *,
        secure: bool,
    ) -> None:
        self._handle = handle
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting = b""
        self._current: Exchange | None = None
        self.closing = False
        self.full = False
        self._paused = False
        self._lingering = False
        self._heard = self._loop.time()
        self._head_began = self._heard
        self._watch: asyncio.TimerHandle | None = None
        self.secure = secure
        self.peer = ""
        self.local_port = 0

    # For exchanges.

    def write(self, data: bytes) -> None:
        """Send something to the client."""
        if self._transport is not None:
            self._transport.write(data)

    def pause(self) -> None:
        """Read nothing for now."""
        if self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport is not None and self._paused:
            self._paused = False
            self._heard = self._loop.time()
            self._transport.resume_reading()

    def take_waiting(self) -> bytes:
        """Hand over what has come and was not read yet."""
        waiting, self._waiting = self._waiting, b""
        return waiting

    def abort(self) -> None:
        """Break the connection."""
        if self._transport is not None:
            self._transport.abort()

    def finished(self, exchange: Exchange, *, keep: bool) -> None:
        """Go on to the next request, or close."""
        if exchange is not self._current:
            return
        self._current = None
        self._heard = self._loop.time()
        if self._transport is None:
            return
        if keep:
            self.resume()
            self._go_on()
        else:
            self._hang_up(unread=exchange.wants_body)

    # For the gateway.

    def finish(self) -> None:
        """Take one more request at the most, and say with its answer that it was the last."""
        self.closing = True

    def close_idle(self) -> None:
        """Close, unless something is going on."""
        if self._current is None and not self._waiting and self._transport is not None:
            self._transport.close()

    # For asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note who it is."""
        self._transport = cast("asyncio.Transport", transport)
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self.local_port = int((transport.get_extra_info("sockname") or ("", 0))[1])
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take what the client says."""
        if self._lingering:
            return
        self._heard = self._loop.time()
        current = self._current
        try:
            if current is not None:
                data = self._more_of(current, data)
            if data:
                if not self._waiting:
                    self._head_began = self._heard
                self._waiting += data
                self._advance()
        except (MalformedMessage, HeadTooLong, NotSupported) as error:
            self._refuse(error)

    def eof_received(self) -> bool:
        """Take it that the client is gone, as servers commonly do; a tunnel may go on one way.

        Whoever leaves a stream that says nothing would else be waited for without end.
        """
        if self._current is None or not self._current.tunnel:
            return False
        self._current.client_eof()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Give up what is going on."""
        del error
        self._transport = None
        if self._watch is not None:
            self._watch.cancel()
        if self._current is not None:
            self._current.client_gone()
        self._lost(self)

    def pause_writing(self) -> None:
        """Have the target wait."""
        self.full = True
        if self._current is not None:
            self._current.client_writable(writable=False)

    def resume_writing(self) -> None:
        """Let the target go on."""
        self.full = False
        if self._current is not None:
            self._current.client_writable(writable=True)

    # Inside.

    def _more_of(self, current: Exchange, data: bytes) -> bytes:
        if current.tunnel:
            current.take_tunnelled(data)
            return b""
        if current.wants_body:
            data = data[current.take_body(data) :]
        if len(self._waiting) + len(data) > MOST_WAITING:
            self.pause()
        return data

    def _go_on(self) -> None:
        """Take the next request, which may have come already."""
        try:
            self._advance()
        except (MalformedMessage, HeadTooLong, NotSupported) as error:
            self._refuse(error)

    def _hang_up(self, *, unread: bool) -> None:
        """Close; where the client still sends something, only when it has heard what we said.

        With data that nobody has read, closing would be a reset, which may overtake the answer
        (RFC 9112, section 9.6).
        """
        if self._transport is None:
            return
        if not unread or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._lingering = True
        self._transport.write_eof()
        self.resume()
        self._loop.call_later(LINGER_SECONDS, self.abort)

    def _advance(self) -> None:
        while self._current is None and self._waiting:
            # Empty lines before a request are let pass (RFC 9112, section 2.2).
            self._waiting = self._waiting.lstrip(b"\r\n")
            end = self._waiting.find(END_OF_HEAD)
            if end > LONGEST_HEAD or (end < 0 and len(self._waiting) > LONGEST_HEAD):
                raise HeadTooLong("the head of the request is too long")
            if end < 0:
                if b"\n\n" in self._waiting or b"\n\r\n" in self._waiting:
                    raise MalformedMessage("a line ends without CR LF")
                return
            end += len(END_OF_HEAD)
            head, self._waiting = self._waiting[:end], self._waiting[end:]
            request = read_request(head)
            exchange = Exchange(self, request, request.framing())
            if exchange.wants_body and self._waiting:
                taken = exchange.take_body(self._waiting)
                self._waiting = self._waiting[taken:]
            self._current = exchange
            self._handle(exchange)

    def _refuse(self, error: Exception) -> None:
        """Say what is wrong, where that can still be said, and hang up."""
        if self._transport is None:
            return
        status, reason = REFUSALS[type(error)]
        current, self._current = self._current, None
        if current is not None:
            current.client_gone()
        if current is None or not current.begun:
            body = f"{error}\n".encode()
            self.write(
                b"HTTP/1.1 %d %b\r\ncontent-type: text/plain; charset=utf-8\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n%b"
                % (status, reason, len(body), body)
            )
            self._hang_up(unread=True)
        else:
            self._transport.abort()

    def _look(self) -> None:
        """Hang up on who keeps us waiting."""
        current, now = self._current, self._loop.time()
        quiet, patience = now - self._heard, IDLE_SECONDS
        if current is None and self._waiting:
            # From the beginning: one byte now and then is no progress.
            quiet, patience = now - self._head_began, HEAD_SECONDS
        elif current is not None and (self._paused or not current.wants_body):
            quiet = 0.0  # it waits for us
            current.look(now)
        if quiet >= patience:
            if current is None and self._waiting:
                self._refuse(TooSlow("the head of the request did not come to its end"))
            else:
                self.abort()
            return
        self._watch = self._loop.call_later(min(patience - quiet, HEAD_SECONDS), self._look)


class TurnedAway(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so, and hang up."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(
                b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n"
                b"content-length: 0\r\n\r\n"
            )
        transport.close()

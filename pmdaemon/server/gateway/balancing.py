"""Connections that are passed on as they are, whatever is spoken on them."""

import asyncio
from collections.abc import Callable
from typing import cast

from pmdaemon.core.routing import Target
from pmdaemon.engine import tasks
from pmdaemon.server.gateway.choosing import Address, Chooser
from pmdaemon.server.gateway.upstreams import UpstreamFailed, connect


class End(asyncio.Protocol):
    """One of the two ends of a connection; what one of them reads, the other one writes."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._other: End | None = None
        self.eof = False
        self.said_something = False
        self.peer = ""

    # For the other end.

    def join(self, other: "End") -> None:
        """Pass on what comes from now on."""
        self._other = other
        self.go_on()

    def part(self) -> None:
        """Have no other end any more, and read nothing until there is another."""
        self._other = None
        self.wait()

    def write(self, data: bytes) -> None:
        """Write what the other end has read."""
        if self._transport is not None:
            self._transport.write(data)

    def write_eof(self) -> None:
        """Say that nothing more comes."""
        if self._transport is not None:
            self._transport.write_eof()

    def wait(self) -> None:
        """Read no more for now."""
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def close(self) -> None:
        """End when all is written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Break it."""
        if self._transport is not None:
            self._transport.abort()

    # For asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read nothing until there is somebody to read for."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.pause_reading()
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        self.said_something = True
        if self._other is not None:
            self._other.write(data)

    def eof_received(self) -> bool:
        """Tell the other end that nothing more comes; it may still have something to say."""
        self.eof = self.said_something = True
        if self._other is None:
            return False
        self._other.write_eof()
        return not self._other.eof

    def connection_lost(self, error: Exception | None) -> None:
        """End the other end, as this one has ended."""
        self._transport = None
        if self._other is not None:
            if error is None:
                self._other.close()
            else:
                self._other.abort()
        self._lost()

    def pause_writing(self) -> None:
        """Have the other end wait."""
        if self._other is not None:
            self._other.wait()

    def resume_writing(self) -> None:
        """Let the other end go on."""
        if self._other is not None:
            self._other.go_on()


class FarEnd(End):
    """An end at a target; while nothing was said on either side, its loss is none for the other."""

    @property
    def is_unused(self) -> bool:
        """Whether another target can still take its place, and nobody would notice."""
        other = self._other
        return not self.said_something and other is not None and not other.said_something

    def eof_received(self) -> bool:
        """Close, if it has said nothing; else see `End`."""
        return False if self.is_unused else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """Leave the other end to the next target if this one was not used; else see `End`."""
        if self._other is not None and self.is_unused:
            self._other.part()
            self._other = None
        super().connection_lost(error)


class TcpBalancer:
    """Spreads the connections to one address over the targets of a service."""

    def __init__(self, service: str, chooser: Chooser) -> None:
        self._service = service
        self._chooser = chooser
        self._ends: set[End] = set()

    def connection(self) -> End:
        """Make the protocol for a connection that was accepted."""
        over = asyncio.Event()
        client = End(over.set)
        self._ends.add(client)
        tasks.spawn(self._serve(client, over), name="gateway.connection")
        return client

    def close(self) -> None:
        """Break all connections."""
        for end in tuple(self._ends):
            end.abort()

    async def _serve(self, client: End, over: asyncio.Event) -> None:
        try:
            await self._pass_on(client, over)
        finally:
            self._ends.discard(client)
            client.abort()

    async def _pass_on(self, client: End, over: asyncio.Event) -> None:
        tried: set[Address] = set()
        patience = self._chooser.patience()
        await asyncio.sleep(0)  # until the connection is made
        while not over.is_set():
            target = await self._chooser.target(self._service, client.peer, tried, patience)
            if target is None:
                return
            tried.add(target.address)
            with self._chooser.busy_with(self._service, target):
                await self._pass_on_to(target, client, over)

    async def _pass_on_to(self, target: Target, client: End, over: asyncio.Event) -> None:
        """Have a target answer; if it breaks off before anything was said, the next one may."""
        gone = asyncio.Event()
        try:
            upstream = await connect(target.address, lambda: FarEnd(gone.set))
        except UpstreamFailed:
            return
        if over.is_set():
            upstream.abort()
            return
        upstream.join(client)
        client.join(upstream)
        await gone.wait()
        if client.said_something or upstream.said_something:
            await over.wait()
        else:
            client.part()

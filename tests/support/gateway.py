"""A gateway on real sockets, and servers behind it that do as a test says.

async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
    gateway.leads_to(upstream)
    said = await gateway.get(b"/")
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pmdaemon.core.routing import Mode, Route, RouteTable, Service, Strategy, Target, TargetState
from pmdaemon.engine.interfaces import GatewaySettings
from pmdaemon.engine.request_log import RequestLog
from pmdaemon.server.gateway.app import GatewayServer
from pmdaemon.server.http.listeners import NothingKept
from tests.fakes.clock import FakeClock
from tests.support.serving import TURNS, Handler, a_server
from tests.support.waiting import eventually

PATIENCE = 60.0


class Upstream:
    """A server; what it was sent, head by head, is in `heads`."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.heads: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._handler(_Noting(reader, self.heads), writer)

    @property
    def target(self) -> Target:
        return Target("127.0.0.1", self.port)


class _Noting:
    """A reader that notes the heads that are read from it."""

    def __init__(self, reader: asyncio.StreamReader, heads: list[bytes]) -> None:
        self._reader, self._heads = reader, heads

    async def head(self) -> bytes:
        head = await self._reader.readuntil(b"\r\n\r\n")
        self._heads.append(head)
        return head

    def __getattr__(self, name: str):
        return getattr(self._reader, name)


@asynccontextmanager
async def an_upstream(handler: Handler) -> AsyncIterator[Upstream]:
    """Listen on a free port of loopback."""
    upstream = Upstream(handler)
    async with a_server(upstream.serve) as upstream.port:
        yield upstream


async def until_made_to_wait(writer: asyncio.StreamWriter, upstream: Upstream) -> int:
    """Wait until no more of what was written goes out; return how many bytes are left here."""
    left = 0

    def stands_still() -> bool:
        nonlocal left
        before, left = left, writer.transport.get_write_buffer_size()
        return bool(upstream.heads) and before == left

    await eventually(stands_still)
    return left


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK", times: int = 1000) -> Handler:
    """Answer each request alike, with a body of a known length."""

    async def handler(reader, writer):
        for _ in range(times):
            head = (await reader.head()).lower()
            if b"content-length: " in head:
                length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
                await reader.readexactly(length)
            lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
            writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
            if not head.startswith(b"head"):
                writer.write(body)
            await writer.drain()

    return handler


def raw(*pieces: bytes) -> Handler:
    """Answer the first request on a connection with just these bytes, and hang up."""

    async def handler(reader, writer):
        await reader.head()
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return handler


class RunningGateway:
    """A gateway that listens on a free port."""

    def __init__(self, server: GatewayServer, log: RequestLog, clock: FakeClock) -> None:
        self.server = server
        self.log = log
        self.clock = clock

    @property
    def port(self) -> int:
        return int(self.server.addresses[0].rpartition(":")[2])

    def leads_to(
        self,
        *upstreams: Upstream | Target,
        strategy: Strategy = "round-robin",
        mode: Mode = Mode.SERVING,
        coming: bool = False,
        routes: tuple[Route, ...] = (Route("app.localhost", "app"),),
    ) -> None:
        """Have `app.localhost` answered by these."""
        targets = [one if isinstance(one, Target) else one.target for one in upstreams]
        if coming:
            targets.append(Target("127.0.0.1", 1, TargetState.ADDING))
        service = Service("app", tuple(targets), strategy, mode)
        self.server.swap(RouteTable(routes, {"app": service}))

    @asynccontextmanager
    async def connected(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                yield reader, writer
            finally:
                writer.transport.abort()

    async def ask(self, *pieces: bytes) -> bytes:
        """Send this, and return all that comes until the gateway hangs up."""
        async with self.connected() as (reader, writer):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            said = b""
            with suppress(ConnectionError):
                while data := await reader.read(65536):
                    said += data
            return said

    async def get(self, path: bytes = b"/", *headers: bytes, host: bytes = b"app.localhost"):
        lines = [b"GET " + path + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers]
        return await self.ask(b"\r\n".join(lines) + b"\r\n\r\n")


@asynccontextmanager
async def a_gateway(
    *,
    settings: GatewaySettings | None = None,
    log_tail=lambda _: (),
    keeper=None,
    tls=None,
    interceptor=None,
) -> AsyncIterator[RunningGateway]:
    """Have a gateway listen on a free port of loopback until the end of the block."""
    clock = FakeClock()
    log = RequestLog(clock=clock)
    server = GatewayServer(
        log, log_tail, keeper or NothingKept(), tls=tls or _no_tls, interceptor=interceptor
    )
    await server.turn_on(settings or GatewaySettings(host="127.0.0.1", http_port=0))
    try:
        yield RunningGateway(server, log, clock)
    finally:
        await server.turn_off()
        for _ in range(TURNS):
            await asyncio.sleep(0)  # one connection after the other hears of it


def _no_tls(_: GatewaySettings):
    raise AssertionError("nobody wanted TLS")


def body_of(said: bytes) -> bytes:
    return said.partition(b"\r\n\r\n")[2]


def status_of(said: bytes) -> int:
    return int(said.split(b" ", 2)[1]) if said else 0

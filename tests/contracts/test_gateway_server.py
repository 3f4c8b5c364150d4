"""What every `GatewayServer` does, the real one and the fake."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.routing import Listener, Route, RouteTable, Service, Target
from pmdaemon.engine.interfaces import GatewaySettings
from pmdaemon.engine.request_log import RequestLog
from pmdaemon.server.gateway.app import GatewayServer
from pmdaemon.server.http.listeners import NothingKept
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_server import FakeGatewayServer
from tests.support.gateway import an_upstream
from tests.support.waiting import eventually

ON = GatewaySettings(host="127.0.0.1", http_port=0)


class Fake:
    def __init__(self):
        self.server = FakeGatewayServer()

    @asynccontextmanager
    async def unusable(self):
        """Give a port that somebody else listens on."""
        self.server.failure = PmdaemonError("cannot listen", code="address_in_use")
        yield 80
        self.server.failure = None

    @asynccontextmanager
    async def answering(self):
        """Have a target answer a request until the end of the block; give the target."""
        target = Target("127.0.0.1", 3000)
        self.server.begin("app", target)
        yield target
        self.server.end("app", target)


class Real:
    def __init__(self):
        log = RequestLog(clock=FakeClock())
        self.server = GatewayServer(log, lambda _: (), NothingKept(), tls=None)

    @asynccontextmanager
    async def unusable(self):
        listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        async with listener:
            yield listener.sockets[0].getsockname()[1]

    @asynccontextmanager
    async def answering(self):
        async def handler(reader, writer):
            await reader.head()
            asked.set()
            await answer.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        asked, answer = asyncio.Event(), asyncio.Event()
        async with an_upstream(handler) as upstream:
            service = Service("app", (upstream.target,))
            self.server.swap(RouteTable((Route("a.test", "app"),), {"app": service}))
            port = int(self.server.addresses[0].rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            await asked.wait()
            yield upstream.target
            answer.set()
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()


@pytest.fixture(params=[Real, Fake], ids=["real", "fake"])
async def scene(request):
    scene = request.param()
    yield scene
    await scene.server.turn_off()


async def test_it_is_off_at_first(scene):
    assert not scene.server.addresses
    assert await scene.server.drained("app", Target("127.0.0.1", 1), within=0.0)


async def test_it_has_addresses_while_it_is_on(scene):
    await scene.server.turn_on(ON)
    assert scene.server.addresses[0].startswith("http://127.0.0.1:")

    await scene.server.turn_off()
    await scene.server.turn_off()

    assert not scene.server.addresses


async def test_it_has_none_after_it_has_made_way(scene):
    await scene.server.turn_on(ON)

    await scene.server.make_way()

    assert not scene.server.addresses


async def test_an_address_that_cannot_be_used_is_refused_and_what_was_on_stays(scene):
    await scene.server.turn_on(ON)
    before = list(scene.server.addresses)

    async with scene.unusable() as port:
        with pytest.raises(PmdaemonError) as refused:
            await scene.server.turn_on(GatewaySettings(host="127.0.0.1", http_port=port))
        assert refused.value.code == "address_in_use"
        with pytest.raises(PmdaemonError) as refused:
            await scene.server.balance({"app": Listener("127.0.0.1", port)})
        assert refused.value.code == "address_in_use"

    assert list(scene.server.addresses) == before
    await scene.server.balance({})


async def test_a_target_is_busy_until_it_has_answered(scene):
    await scene.server.turn_on(ON)

    async with scene.answering() as target:
        assert scene.server.busy("app", target) == 1
        assert not await scene.server.drained("app", target, within=0.01)
        waiting = asyncio.ensure_future(scene.server.drained("app", target, within=None))
        await asyncio.sleep(0)
        assert not waiting.done()

    assert await waiting
    await eventually(lambda: scene.server.busy("app", target) == 0)
    assert await scene.server.drained("app", target, within=0.0)

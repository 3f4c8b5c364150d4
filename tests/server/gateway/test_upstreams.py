import asyncio

import pytest

from pmdaemon.server.gateway import upstreams
from pmdaemon.server.gateway.upstreams import UpstreamFailed, UpstreamPool, connect
from tests.server.gateway.test_forwarding import dead_target
from tests.support.gateway import a_gateway, an_upstream, answer
from tests.support.waiting import eventually


async def test_connections_are_used_again():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)
        for _ in range(5):
            await gateway.get()

        assert upstream.connections == 1


async def test_connections_to_a_target_that_is_no_more_are_closed():
    gone = asyncio.Event()

    async def until_closed(reader, writer):
        await answer(b"hello", times=1)(reader, writer)
        await reader.read()
        gone.set()

    async with a_gateway() as gateway, an_upstream(until_closed) as upstream:
        gateway.leads_to(upstream)
        await gateway.get()

        gateway.leads_to()

        async with asyncio.timeout(60):
            await gone.wait()


async def test_connections_that_nobody_uses_are_closed(monkeypatch):
    monkeypatch.setattr(upstreams, "IDLE_SECONDS", 0.01)
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)
        await gateway.get()
        await eventually(lambda: not gateway.server._gateway._pool._idle)

        await gateway.get()

        assert upstream.connections == 2


async def test_what_must_not_be_sent_twice_goes_by_no_connection_that_has_rested(monkeypatch):
    monkeypatch.setattr(upstreams, "LONG_REST", -1.0)
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)
        request = b"POST / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n"
        for _ in range(3):
            await gateway.ask(request)

        assert upstream.connections == 3


async def test_who_listens_on_one_loopback_address_is_found_on_it():
    class UntilClosed(asyncio.Protocol):
        def __init__(self):
            self.over = asyncio.Event()

        def connection_lost(self, error):
            self.over.set()

    async with an_upstream(answer(b"", times=0)) as upstream:
        connection = await connect(("localhost", upstream.port), UntilClosed)

        async with asyncio.timeout(60):
            await connection.over.wait()
        assert upstream.connections == 1


async def test_a_target_that_takes_no_connection_has_not_had_the_request():
    target = await dead_target()

    with pytest.raises(UpstreamFailed) as failed:
        await UpstreamPool().get(target.address)

    assert failed.value.reason == "connection refused"
    assert not failed.value.reached

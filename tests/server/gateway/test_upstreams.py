import asyncio

import pytest

from pmdaemon.server.gateway import upstreams
from pmdaemon.server.gateway.exchanges import Exchange
from pmdaemon.server.gateway.heads import read_request
from pmdaemon.server.gateway.upstreams import (
    UpstreamConnection,
    UpstreamFailed,
    UpstreamPool,
    connect,
)
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


class Reading(asyncio.Transport):
    """A connection of which nothing is known but whether it is read."""

    def __init__(self):
        super().__init__()
        self.reads = True

    def pause_reading(self):
        self.reads = False

    def resume_reading(self):
        self.reads = True

    def is_closing(self):
        return False

    def write(self, data):
        pass


class SlowClient:
    """A client's connection that is full as soon as something is written to it."""

    peer, local_port, secure, closing, full = "127.0.0.1", 80, False, False, False

    def write(self, data):
        if not self.full:
            self.full = True
            self.exchange.client_writable(writable=False)

    def resume(self):
        pass

    def finished(self, exchange, *, keep):
        pass


async def asked_by(client, connection):
    """Send a request of this client over a connection to a target."""
    request = read_request(b"GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n")
    client.exchange = Exchange(client, request, request.framing())
    running = asyncio.ensure_future(client.exchange.run(connection, b""))
    await asyncio.sleep(0)
    return running


@pytest.mark.parametrize(
    "said",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"hi"],
        [b"HTTP/1.1 204 No Content\r\n\r\n"],
    ],
)
async def test_a_client_that_does_not_keep_up_holds_up_nobody_who_comes_after_it(said):
    pool, transport = UpstreamPool(), Reading()
    connection = UpstreamConnection(pool, ("127.0.0.1", 1))
    connection.connection_made(transport)
    running = await asked_by(SlowClient(), connection)

    for data in said:
        connection.data_received(data)

    await running
    assert await pool.get(("127.0.0.1", 1)) is connection
    assert transport.reads


async def test_a_target_waits_for_a_client_that_has_not_read_what_it_was_answered_before():
    client, transport = SlowClient(), Reading()
    client.full = True
    connection = UpstreamConnection(UpstreamPool(), ("127.0.0.1", 1))
    connection.connection_made(transport)

    running = await asked_by(client, connection)
    assert not transport.reads
    client.exchange.client_writable(writable=True)

    assert transport.reads
    running.cancel()

import asyncio

import pytest

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.routing import Listener
from pmdaemon.engine.interfaces import GatewaySettings
from tests.fakes.descriptor_store import FakeDescriptorStore
from tests.support.gateway import a_gateway, an_upstream, answer, body_of, status_of
from tests.support.waiting import eventually


@pytest.fixture
async def taken():
    listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    yield listener.sockets[0].getsockname()[1]
    listener.close()


async def test_it_is_off_until_it_is_turned_on_and_after_it_was_turned_off():
    async with a_gateway() as gateway:
        assert gateway.server.addresses == [f"http://127.0.0.1:{gateway.port}"]

        await gateway.server.turn_off()
        await gateway.server.turn_off()

        assert gateway.server.addresses == []


async def test_a_port_that_is_taken_is_refused_and_what_was_on_stays_on(taken):
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        with pytest.raises(PmdaemonError) as refused:
            await gateway.server.turn_on(GatewaySettings(host="127.0.0.1", http_port=taken))

        assert refused.value.code == "address_in_use"
        assert status_of(await gateway.get()) == 200


async def test_a_port_for_balancing_that_is_taken_is_refused(taken):
    async with a_gateway() as gateway:
        at = {"a": Listener("127.0.0.1", 0), "b": Listener("127.0.0.1", taken)}

        with pytest.raises(PmdaemonError):
            await gateway.server.balance(at)

        assert gateway.server.balanced == {}


async def test_a_service_that_is_balanced_no_longer_is_listened_for_no_longer():
    async with a_gateway() as gateway:
        await gateway.server.balance({"a": Listener("127.0.0.1", 0)})
        port = gateway.server.balanced["a"]

        await gateway.server.balance({})

        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_it_makes_way_when_what_is_going_on_has_ended_and_refuses_nobody():
    release = asyncio.Event()

    async def slow(reader, writer):
        await reader.head()
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")

    keeper = FakeDescriptorStore()
    async with (
        an_upstream(slow) as old,
        an_upstream(answer(b"new")) as new,
        a_gateway(keeper=keeper) as first,
    ):
        first.leads_to(old)
        port = first.port
        asked = asyncio.ensure_future(first.get())
        await eventually(lambda: old.heads)
        parting = asyncio.ensure_future(first.server.make_way())
        await asyncio.sleep(0)
        _, waits = await asyncio.open_connection("127.0.0.1", port)
        release.set()
        assert body_of(await asked) == b"old"
        await parting

        async with a_gateway(keeper=keeper) as second:
            assert second.port == port
            second.leads_to(new)
            assert body_of(await second.get()) == b"new"
            waits.close()
            await waits.wait_closed()
    keeper.close()

import asyncio
import os
import resource

import pytest

from pmdaemon.server.gateway import fronts
from pmdaemon.server.gateway.fronts import Front, leave_in_queue, most_connections, shut
from pmdaemon.server.http.listeners import AddressUnusable, NothingKept
from tests.fakes.descriptor_store import FakeDescriptorStore
from tests.support.knocking import knocking_at, until_hung_up


class HangsUp(asyncio.Protocol):
    def connection_made(self, transport):
        transport.close()


async def opened(keeper, tcp_port=0):
    return await Front.open("127.0.0.1", tcp_port, HangsUp, keeper, whose="gateway")


async def test_it_takes_connections_until_it_is_closed():
    front = await opened(NothingKept())
    port = front.tcp_port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()

    await shut([front])

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_what_is_closed_is_not_reached_by_the_copy_that_is_kept_for_a_moment_longer():
    keeper = FakeDescriptorStore()
    front = await opened(keeper)
    [name] = keeper.kept
    copy, port = keeper.take(name), front.tcp_port

    await shut([front])

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    os.close(copy)


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_comes_as_it_is_shut_is_served_or_refused(turns):
    front = await opened(NothingKept())
    client = knocking_at(front.tcp_port)
    for _ in range(turns):
        await asyncio.sleep(0)

    await shut([front])

    await until_hung_up(client)


async def test_what_comes_while_daemons_change_waits_for_the_next_one():
    keeper = FakeDescriptorStore()
    first = await opened(keeper)
    await leave_in_queue([first])
    _, writer = await asyncio.open_connection("127.0.0.1", first.tcp_port)
    first.close()
    accepted = asyncio.Event()

    class Says(asyncio.Protocol):
        def connection_made(self, transport):
            accepted.set()
            transport.abort()

    second = await Front.open("127.0.0.1", 0, Says, keeper, whose="gateway")

    async with asyncio.timeout(60):
        await accepted.wait()
    writer.close()
    await writer.wait_closed()
    second.close()
    keeper.close()


async def test_a_port_that_is_taken_is_refused():
    first = await opened(NothingKept())

    with pytest.raises(AddressUnusable) as refused:
        await opened(NothingKept(), first.tcp_port)

    assert refused.value.code == "address_in_use"
    first.close()


@pytest.mark.parametrize(
    ("descriptors", "most"), [(300, 100), (resource.RLIM_INFINITY, fronts.CONNECTIONS_AT_ONCE)]
)
def test_no_more_connections_are_taken_than_there_are_descriptors_for(
    monkeypatch, descriptors, most
):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (descriptors, descriptors))

    assert most_connections() == most

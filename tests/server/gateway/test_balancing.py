import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from pmdaemon.core.routing import Listener
from tests.server.gateway.test_forwarding import dead_target
from tests.support.gateway import a_gateway, an_upstream
from tests.support.waiting import eventually

AT = Listener("127.0.0.1", 0)


def echo(name):
    async def handler(reader, writer):
        writer.write(name)
        while data := await reader.read(1000):
            writer.write(data)
            await writer.drain()
        writer.write(b" bye")

    return handler


@asynccontextmanager
async def balanced():
    async with a_gateway() as gateway:
        await gateway.server.balance({"app": AT})
        yield gateway


async def say(gateway, text=b"hello", *, host="127.0.0.1"):
    async with asyncio.timeout(60):
        port = gateway.server.balanced["app"]
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(text)
            writer.write_eof()
            return await reader.read()
        finally:
            writer.transport.abort()


async def test_a_connection_is_passed_on_as_it_is_until_both_ends_are_done():
    async with balanced() as gateway, an_upstream(echo(b"a: ")) as upstream:
        gateway.leads_to(upstream)

        assert await say(gateway, bytes(range(256))) == b"a: " + bytes(range(256)) + b" bye"


async def test_connections_are_spread_by_turns():
    async with (
        balanced() as gateway,
        an_upstream(echo(b"a")) as a,
        an_upstream(echo(b"b")) as b,
    ):
        gateway.leads_to(a, b)

        said = [(await say(gateway, b""))[:1] for _ in range(4)]

        assert sorted(said) == [b"a", b"a", b"b", b"b"]
        assert said[0] != said[1]


async def test_a_client_can_be_kept_to_one_target():
    async with (
        balanced() as gateway,
        an_upstream(echo(b"a")) as a,
        an_upstream(echo(b"b")) as b,
    ):
        gateway.leads_to(a, b, strategy="ip-hash")

        assert len({await say(gateway, b"") for _ in range(6)}) == 1


async def test_who_has_least_to_do_gets_the_next():
    async def holds(reader, writer):
        writer.write(b"held")
        await reader.read()

    async with balanced() as gateway, an_upstream(holds) as a, an_upstream(holds) as b:
        gateway.leads_to(a, b, strategy="least-connections")
        port = gateway.server.balanced["app"]
        opened = []
        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readexactly(4)
            opened.append(writer)

        assert (a.connections, b.connections) == (2, 2)
        for writer in opened:
            writer.transport.abort()
        await eventually(lambda: not gateway.server.busy("app", a.target))


async def test_a_target_that_takes_no_connection_is_passed_over():
    async with balanced() as gateway, an_upstream(echo(b"a")) as upstream:
        gateway.leads_to(await dead_target(), upstream)

        assert [await say(gateway, b"") for _ in range(3)] == [b"a bye"] * 3


async def test_a_connection_waits_for_a_target_that_is_coming():
    async with balanced() as gateway, an_upstream(echo(b"a")) as upstream:
        gateway.leads_to(coming=True)
        said = asyncio.ensure_future(say(gateway, b"x"))
        await asyncio.sleep(0)

        gateway.leads_to(upstream)

        assert await said == b"ax bye"


async def test_with_nobody_to_answer_it_is_closed():
    async with balanced() as gateway:
        gateway.leads_to()

        with pytest.raises(ConnectionResetError):
            await say(gateway)


async def test_who_does_not_read_makes_the_target_wait():
    async def pours(reader, writer):
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            pours.written += 65536

    pours.written = 0
    async with balanced() as gateway, an_upstream(pours) as upstream:
        gateway.leads_to(upstream)
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.server.balanced["app"])
        writer.transport.pause_reading()
        seen = -1

        def stands_still():
            nonlocal seen
            before, seen = seen, pours.written
            return before == seen > 0

        await eventually(stands_still)
        assert pours.written < 50_000_000
        writer.transport.abort()
        await eventually(lambda: not gateway.server.busy("app", upstream.target))


async def hangs_up(reader, writer):
    writer.close()


async def resets(reader, writer):
    writer.transport.abort()


@pytest.mark.parametrize("leaves", [hangs_up, resets])
async def test_a_connection_on_which_nothing_was_said_goes_to_the_next_target(leaves):
    async with (
        balanced() as gateway,
        an_upstream(leaves) as gone,
        an_upstream(echo(b"a")) as upstream,
    ):
        gateway.leads_to(gone, upstream)
        answers = []
        for _ in range(4):
            async with asyncio.timeout(60):
                port = gateway.server.balanced["app"]
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                first = await reader.readexactly(1)
                writer.write(b"x")
                writer.write_eof()
                answers.append(first + await reader.read())
                writer.transport.abort()

        assert answers == [b"ax bye"] * 4
        assert gone.connections


async def test_what_was_said_is_not_said_to_another_target():
    async def listens(reader, writer):
        await reader.readexactly(1)
        writer.transport.abort()

    async with (
        balanced() as gateway,
        an_upstream(listens) as first,
        an_upstream(listens) as second,
    ):
        gateway.leads_to(first, second)

        with suppress(ConnectionResetError):
            assert await say(gateway, b"x") == b""

        assert first.connections + second.connections == 1


async def test_a_client_that_leaves_without_a_word_leaves_its_target_too():
    left = asyncio.Event()

    async def waits(reader, writer):
        await reader.read()
        left.set()

    async with balanced() as gateway, an_upstream(waits) as upstream:
        gateway.leads_to(upstream)
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.server.balanced["app"])
        await eventually(lambda: upstream.connections == 1)

        writer.transport.abort()

        async with asyncio.timeout(60):
            await left.wait()
        await eventually(lambda: not gateway.server.busy("app", upstream.target))
        assert upstream.connections == 1

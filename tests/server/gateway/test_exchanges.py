import asyncio
import contextlib

import pytest

from pmdaemon.server.gateway import clients, exchanges
from tests.support.gateway import (
    a_gateway,
    an_upstream,
    answer,
    body_of,
    raw,
    status_of,
    until_made_to_wait,
)
from tests.support.waiting import eventually

GET = b"GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def echo(reader, writer):
    """Answer with what came after the head, whatever its framing."""
    head = (await reader.head()).lower()
    if b"expect: 100-continue" in head:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if b"transfer-encoding: chunked" in head:
        body = await reader.readuntil(b"0\r\n")
        body += await reader.readuntil(b"\r\n")
        while not body.endswith(b"\r\n\r\n"):
            body += await reader.readuntil(b"\r\n")
    else:
        length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0] or b"0")
        body = await reader.readexactly(length)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()


async def asked(handler, *pieces):
    async with a_gateway() as gateway, an_upstream(handler) as upstream:
        gateway.leads_to(upstream)
        return await gateway.ask(*pieces)


async def test_a_chunked_body_goes_through_as_it_is_with_its_trailers():
    chunks = b"3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n"

    said = await asked(echo, head + b"Transfer-Encoding: chunked\r\n\r\n", chunks)

    assert body_of(said) == chunks


async def test_a_chunked_answer_goes_through_as_it_is_with_its_trailers():
    chunks = b"3\r\nabc\r\n0\r\nX-Sum: 5\r\n\r\n"

    said = await asked(raw(CHUNKED, chunks), GET)

    assert b"transfer-encoding: chunked\r\n" in said.lower()
    assert body_of(said) == chunks


async def test_an_answer_that_ends_with_the_connection_is_put_into_chunks():
    said = await asked(raw(b"HTTP/1.0 200 OK\r\n\r\n", b"hello"), GET)

    assert b"transfer-encoding: chunked\r\n" in said
    assert body_of(said) == b"5\r\nhello\r\n0\r\n\r\n"


async def test_a_client_of_http_1_0_gets_no_chunks():
    request = b"GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n"

    said = await asked(raw(CHUNKED, b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), request)

    assert b"transfer-encoding" not in said.lower()
    assert body_of(said) == b"abcde"


async def test_an_answer_to_head_has_its_length_and_no_body():
    request = b"HEAD / HTTP/1.1\r\nHost: app.localhost\r\n\r\n" + GET

    said = await asked(answer(b"hello"), request)

    first, _, second = said.partition(b"\r\n\r\n")
    assert b"Content-Length: 5" in first
    assert second.endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_what_has_no_body_ends_with_its_head(status):
    said = await asked(raw(b"HTTP/1.1 " + status + b"\r\n\r\n"), GET)

    assert status in said
    assert body_of(said) == b""


async def test_a_client_that_waits_to_be_told_to_go_on_is_told():
    async with a_gateway() as gateway, an_upstream(echo) as upstream:
        gateway.leads_to(upstream)
        async with gateway.connected() as (reader, writer):
            writer.write(
                b"POST / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n"
                b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
            )
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hello")
            assert (await reader.read()).endswith(b"\r\n\r\nhello")


async def test_hints_before_the_answer_go_through():
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"

    said = await asked(raw(hint + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), GET)

    assert said.startswith(hint)
    assert said.endswith(b"\r\n\r\nhi")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40000 + b"\r\n\r\n",
        b"",
        b"HTTP/1.1 20",
    ],
)
async def test_a_target_that_speaks_nonsense_is_a_bad_gateway(nonsense):
    said = await asked(raw(nonsense), GET)

    assert status_of(said) == 502
    assert body_of(said).startswith(b"app does not answer at 127.0.0.1:")


@pytest.mark.parametrize(
    "nonsense", [b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", b"+OK POP3 ready\r\n", b"\x15\x03"]
)
async def test_a_target_that_speaks_nonsense_and_waits_is_not_waited_for(nonsense):
    async def waits(reader, writer):
        await reader.head()
        writer.write(nonsense)
        await reader.read()

    said = await asked(waits, GET)

    assert status_of(said) == 502
    assert b"what it answers is not HTTP" in body_of(said)


async def test_an_answer_that_ends_too_early_is_not_taken_for_whole():
    said = await asked(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), GET)

    assert said.endswith(b"half")
    assert b"Content-Length: 10" in said


async def test_a_target_that_promises_less_than_it_sends_is_not_used_again():
    async def lies(reader, writer):
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n")
        await reader.head()

    async with a_gateway() as gateway, an_upstream(lies) as upstream:
        gateway.leads_to(upstream)

        assert body_of(await gateway.get()) == b"hi"
        assert body_of(await gateway.get()) == b"hi"
        assert upstream.connections == 2


async def test_a_target_that_hangs_is_given_up(monkeypatch):
    async def hangs(reader, writer):
        await reader.head()
        await asyncio.Event().wait()

    monkeypatch.setattr(exchanges, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(clients, "HEAD_SECONDS", 0.5)  # it looks that often, and waits so long

    said = await asked(hangs, GET)

    assert status_of(said) == 504


async def test_the_rest_of_a_request_that_was_answered_early_is_nobody_elses():
    async def refuses_early(reader, writer):
        await reader.head()
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.head()

    async with a_gateway() as gateway, an_upstream(refuses_early) as upstream:
        gateway.leads_to(upstream)
        head = b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 1000000\r\n\r\n"

        said = await gateway.ask(head)
        await gateway.ask(head)

        assert status_of(said) == 413
        assert upstream.connections == 2


async def test_a_slow_reader_makes_the_target_wait():
    written = 0

    async def pours(reader, writer):
        nonlocal written
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            written += 65536

    async with a_gateway() as gateway, an_upstream(pours) as upstream:
        gateway.leads_to(upstream)
        async with gateway.connected() as (_, writer):
            writer.transport.pause_reading()
            writer.write(GET)
            seen = -1

            def stands_still():
                nonlocal seen
                before, seen = seen, written
                return before == seen > 0

            await eventually(stands_still)
            assert written < 50_000_000


async def test_a_slow_target_makes_the_client_wait():
    async def does_not_read(reader, writer):
        await reader.head()
        await asyncio.Event().wait()

    async with a_gateway() as gateway, an_upstream(does_not_read) as upstream:
        gateway.leads_to(upstream)
        async with gateway.connected() as (_, writer):
            writer.write(
                b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 1000000000\r\n\r\n"
            )
            writer.write(bytes(100_000_000))
            assert await until_made_to_wait(writer, upstream) > 50_000_000


async def test_a_websocket_goes_both_ways():
    async def shouts_back(reader, writer):
        head = await reader.head()
        assert b"upgrade: websocket" in head.lower()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: x\r\n\r\nwelcome"
        )
        while data := await reader.read(1000):
            writer.write(data.upper())

    async with a_gateway() as gateway, an_upstream(shouts_back) as upstream:
        gateway.leads_to(upstream)
        async with gateway.connected() as (reader, writer):
            writer.write(
                b"GET /ws HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade\r\n"
                b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\nearly "
            )
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ")
            assert b"Sec-WebSocket-Accept: x" in head
            assert await reader.readexactly(7) == b"welcome"
            assert await reader.readexactly(6) == b"EARLY "
            writer.write(b"later")
            assert await reader.readexactly(5) == b"LATER"
            writer.write_eof()
            assert await reader.read() == b""


async def test_other_protocols_are_not_gone_over_to():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        said = await gateway.ask(
            b"GET / HTTP/1.1\r\nHost: app.localhost\r\nUpgrade: h2c\r\n"
            b"Connection: Upgrade, HTTP2-Settings, close\r\nHTTP2-Settings: x\r\n\r\n"
        )

        assert status_of(said) == 200
        assert b"upgrade" not in upstream.heads[0].lower()


async def test_a_client_that_leaves_a_silent_stream_leaves_the_target_too():
    gone = asyncio.Event()

    async def silent(reader, writer):
        await reader.head()
        writer.write(CHUNKED)
        await reader.read()
        gone.set()

    async with a_gateway() as gateway, an_upstream(silent) as upstream:
        gateway.leads_to(upstream)
        async with gateway.connected() as (reader, writer):
            writer.write(GET)
            await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(60):
            await gone.wait()

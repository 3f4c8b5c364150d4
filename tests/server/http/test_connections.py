"""What comes over a connection that is no ordinary request, as bytes."""

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from pmdaemon.server.http.connections import connection_factory
from pmdaemon.server.http.native.errors import encode_error
from tests.dialects.transcripts import send
from tests.support.waiting import eventually


class Served:
    """A server on which everything is answered with `hello`."""

    def __init__(self, runner, port):
        self.runner = runner
        self.port = port

    @property
    def connections(self):
        return len(self.runner.server.connections)

    async def connect(self, first=b""):
        """Connect, with what the server finds there as soon as it has taken the connection."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.sendall(first)
        return await asyncio.open_connection(sock=connection)


@pytest.fixture
async def serve():
    """Serve with the given limits, until the test is over."""
    async with asyncio.timeout(60):
        runners = []

        async def start(**limits):
            async def hello(request):
                await request.read()
                return web.Response(text="hello")

            app = web.Application()
            app.router.add_route("*", "/{anything:.*}", hello)
            runner = web.AppRunner(app, handler_cancellation=True)
            await runner.setup()
            server = await asyncio.get_running_loop().create_server(
                connection_factory(runner.server, encode_error, **limits), "127.0.0.1", 0
            )
            runners.append((server, runner))
            return Served(runner, server.sockets[0].getsockname()[1])

        yield start
        for server, runner in runners:
            server.close()
            await runner.cleanup()


async def test_a_request_is_served(serve):
    served = await serve()

    answer = await send(served.port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert (answer.status, answer.body) == (200, b"hello")


async def test_two_requests_at_once_are_served_one_after_the_other(serve):
    served = await serve()

    reader, writer = await served.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.0\r\n\r\n")

    assert (await reader.read()).count(b"hello") == 2
    writer.close()


@pytest.mark.parametrize(
    "noise",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32 + b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_noise_is_answered_in_json_and_hung_up_on(serve, noise, caplog):
    served = await serve()

    with caplog.at_level(logging.DEBUG):
        answer = await send(served.port, noise)

    assert answer.status == 400
    assert answer.json["error"]["code"] == "INVALID_REQUEST"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    "head",
    [b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000],
)
async def test_a_head_that_is_too_large_is_refused_before_it_ends(serve, head):
    served = await serve()

    answer = await send(served.port, head)

    assert (answer.status, answer.json["error"]["code"]) == (431, "HEAD_TOO_LARGE")


async def test_headers_that_come_a_letter_at_a_time_are_not_waited_for_for_ever(serve):
    served = await serve(idle_seconds=0.05)

    reader, writer = await served.connect(b"GET / HTTP/1.1\r\nX")

    assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_says_nothing_is_closed(serve):
    served = await serve(idle_seconds=0.05)

    reader, writer = await served.connect()

    assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_is_used_again_is_closed_when_it_idles(serve):
    served = await serve(idle_seconds=0.05)

    reader, writer = await served.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    received = await reader.read()

    assert received.endswith(b"hello")
    writer.close()


async def test_connections_beyond_the_bound_are_turned_away(serve):
    served = await serve(at_once=2)
    kept = [await served.connect() for _ in range(2)]
    await eventually(lambda: served.connections == 2)

    answer = await send(served.port, b"")

    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    for _, writer in kept:
        writer.close()


async def test_a_silent_connection_gives_way_to_one_that_asks(serve):
    served = await serve(silent_at_once=3)
    silent = [await served.connect() for _ in range(50)]

    answer = await send(served.port, b"GET / HTTP/1.0\r\n\r\n")

    assert answer.status == 200
    await eventually(lambda: served.connections <= 3)
    for _, writer in silent:
        writer.close()


async def test_half_a_request_is_as_good_as_none(serve):
    served = await serve(silent_at_once=3)
    slow = [await served.connect() for _ in range(20)]
    for _, writer in slow:
        writer.write(b"GET / HTTP/1.1\r\nX")

    assert (await send(served.port, b"GET / HTTP/1.0\r\n\r\n")).status == 200
    for _, writer in slow:
        writer.close()


@asynccontextmanager
async def a_crowd(served):
    """Have many silent connections, and one that asks, for which others give way."""
    silent = [await served.connect() for _ in range(20)]
    await send(served.port, b"GET / HTTP/1.0\r\n\r\n")
    yield
    for _, writer in silent:
        writer.close()


async def test_one_that_has_asked_does_not_give_way(serve):
    served = await serve(silent_at_once=3)
    reader, writer = await served.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"hello")

    async with a_crowd(served):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.readuntil(b"hello")
    writer.close()


async def test_a_request_that_is_being_answered_does_not_give_way(serve):
    served = await serve(silent_at_once=1)
    reader, writer = await served.connect()
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
    await eventually(lambda: [one for one in served.runner.server.connections if one.has_asked])

    async with a_crowd(served):
        writer.write(b"12345")
        assert await reader.readuntil(b"hello")
    writer.close()


async def test_there_is_room_again_when_others_have_gone(serve):
    served = await serve(at_once=1)
    _, writer = await served.connect()
    await eventually(lambda: served.connections == 1)
    writer.close()
    await eventually(lambda: served.connections == 0)

    answer = await send(served.port, b"GET / HTTP/1.0\r\n\r\n")

    assert answer.status == 200


async def test_a_packed_body_is_not_unpacked(serve):
    served = await serve()

    answer = await send(
        served.port,
        b"POST / HTTP/1.0\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    )

    assert answer.status == 200


async def test_a_refusal_is_worded_by_the_dialect(serve):
    served = await serve()

    answer = await send(served.port, b"GET / HTTP/9\r\n\r\n")

    assert json.loads(answer.body) == {
        "success": False,
        "error": {
            "code": "INVALID_REQUEST",
            "message": "what was sent is not an HTTP/1 request",
            "details": {},
        },
    }

import asyncio

import pytest

from pmdaemon.server.gateway import clients
from tests.support.gateway import (
    a_gateway,
    an_upstream,
    answer,
    body_of,
    status_of,
    until_made_to_wait,
)
from tests.support.waiting import eventually

HOST = b"Host: app.localhost\r\n"

LONG = 0.5
"""Seconds in which a request arrives, also on a busy machine, and which a test can wait for."""


async def test_requests_that_come_together_are_answered_in_order():
    async def by_path(reader, writer):
        while True:
            path = (await reader.head()).split(b" ")[1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))

    async with a_gateway() as gateway, an_upstream(by_path) as upstream:
        gateway.leads_to(upstream)
        requests = [b"GET /%d HTTP/1.1\r\n%b\r\n" % (n, HOST) for n in range(20)]
        last = b"GET /last HTTP/1.1\r\n%bConnection: close\r\n\r\n" % HOST

        said = await gateway.ask(b"\r\n".join([*requests, last]))

        bodies = [one.partition(b"\r\n\r\n")[2] for one in said.split(b"HTTP/1.1 200 OK")[1:]]
        assert bodies == [b"/%d" % n for n in range(20)] + [b"/last"]
        assert upstream.connections == 1


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
        (b"GET / HTTP/3.0\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X : y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b" folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
        (
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content_Length: 3\r\n\r\n", 400),
        (b"GET / HTTP/1.1\n" + HOST.replace(b"\r", b"") + b"\n", 400),
        (b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400),
        (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"CONNECT app.localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 40000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 40000, 431),
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused_and_goes_no_further(request_text, status):
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        said = await gateway.ask(request_text)

        assert status_of(said) == status
        assert b"connection: close" in said.lower()
        assert said.count(b"HTTP/1.1") == 1
        assert not any(b"chunked" not in head.lower() for head in upstream.heads)


async def test_a_body_is_not_made_a_request_by_hiding_its_length():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        said = await gateway.ask(
            b"POST / HTTP/1.1\r\n%bConnection: close, content-length, host\r\n"
            b"Content-Length: 40\r\n\r\nGET /admin HTTP/1.1\r\nHost: b.localhost\r\n\r\n" % HOST
        )

        assert status_of(said) == 200
        assert len(upstream.heads) == 1
        assert b"\r\nContent-Length: 40\r\n" in upstream.heads[0]
        assert HOST in upstream.heads[0]


async def test_an_answer_is_heard_though_the_request_has_not_ended(monkeypatch):
    monkeypatch.setattr(clients, "LINGER_SECONDS", 60.0)
    async with a_gateway() as gateway:
        said = await gateway.ask(
            b"POST / HTTP/1.1\r\nHost: nobody.localhost\r\nContent-Length: 500000\r\n\r\n",
            bytes(500000),
        )

        assert status_of(said) == 404
        assert body_of(said) == b"nothing answers for nobody.localhost\n"


async def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(clients, "HEAD_SECONDS", 0.05)
    async with a_gateway() as gateway:
        assert status_of(await gateway.ask(b"GET / HTTP/1.1\r\nHo")) == 408


async def test_a_connection_that_nobody_uses_is_closed(monkeypatch):
    monkeypatch.setattr(clients, "IDLE_SECONDS", 0.05)
    async with a_gateway() as gateway:
        assert await gateway.ask() == b""


async def test_a_body_that_does_not_go_on_is_not_waited_for(monkeypatch):
    async def waits(reader, writer):
        await reader.head()
        await reader.readexactly(5)

    monkeypatch.setattr(clients, "HEAD_SECONDS", LONG)  # it looks that often
    async with a_gateway() as gateway, an_upstream(waits) as upstream:
        gateway.leads_to(upstream)
        request = b"POST / HTTP/1.1\r\n%bContent-Length: 5\r\n\r\nab" % HOST
        asked = asyncio.ensure_future(gateway.ask(request))
        await eventually(lambda: upstream.heads)

        monkeypatch.setattr(clients, "IDLE_SECONDS", 0.05)

        assert await asked == b""


async def test_a_long_answer_is_waited_for(monkeypatch):
    release = asyncio.Event()

    async def slow(reader, writer):
        await reader.head()
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    monkeypatch.setattr(clients, "HEAD_SECONDS", LONG)  # it looks that often
    async with a_gateway() as gateway, an_upstream(slow) as upstream:
        gateway.leads_to(upstream)
        asked = asyncio.ensure_future(gateway.get())
        await eventually(lambda: upstream.heads)
        monkeypatch.setattr(clients, "IDLE_SECONDS", LONG)
        loop = asyncio.get_running_loop()
        long_ago = loop.time() + 2 * LONG

        await eventually(lambda: loop.time() > long_ago)
        release.set()

        assert body_of(await asked) == b"hi"


async def test_who_sends_ahead_without_end_is_made_to_wait():
    async def never(reader, writer):
        await reader.head()
        await asyncio.Event().wait()

    async with a_gateway() as gateway, an_upstream(never) as upstream:
        gateway.leads_to(upstream)
        async with gateway.connected() as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\n%b\r\n" % HOST * 1_000_000)
            assert await until_made_to_wait(writer, upstream) > 10_000_000


async def test_a_connection_too_many_is_told_so():
    async with a_gateway() as gateway:
        gateway.server._gateway.most = 1
        async with gateway.connected():
            await eventually(lambda: gateway.server._gateway.connections == 1)
            said = await gateway.ask()

        assert status_of(said) == 503

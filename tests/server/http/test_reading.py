import asyncio
import json
from io import BytesIO
from itertools import count

import msgspec
import pytest
from aiohttp import ClientSession, web

from pmdaemon.server.http import reading
from pmdaemon.server.http.reading import (
    read_body,
    read_choice,
    read_number,
    read_switch,
)
from pmdaemon.server.http.refusals import Refusal

LARGEST_BODY = 1024 * 1024


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    port: str | None = None


DEFAULT = Body("default")


@pytest.fixture
async def session(aiohttp_server):
    """A server that tells what it read, or why it would not."""

    async def body(request):
        return await tell(lambda: read_body(request, Body, default=DEFAULT))

    async def choice(request):
        async def read():
            return read_choice(request, "type", ["out", "error"])

        return await tell(read)

    async def capped(request):
        async def read():
            return read_number(request, "lines", default=20, highest=1000, capped=True)

        return await tell(read)

    async def switch(request):
        async def read():
            return read_switch(request, "wait")

        return await tell(read)

    async def number(request):
        async def read():
            return read_number(request, "lines", default=20, highest=1000)

        return await tell(read)

    app = web.Application(client_max_size=LARGEST_BODY)
    app.add_routes([web.post("/", body), web.get("/choice", choice), web.get("/number", number)])
    app.add_routes([web.get("/capped", capped), web.get("/switch", switch)])
    server = await aiohttp_server(app)
    async with ClientSession(server.make_url("/")) as session:
        yield session


async def tell(read):
    try:
        value = await read()
    except Refusal as refusal:
        return web.json_response([refusal.code, refusal.message], status=refusal.status)
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


async def posted(session, data, **headers):
    async with session.post("/", data=data, headers=headers) as response:
        return response.status, json.loads(await response.read())


async def got(session, path):
    async with session.get(path) as response:
        return response.status, json.loads(await response.read())


@pytest.mark.parametrize("data", [None, b"", b"  \n", b"null", b" null "])
async def test_an_empty_body_is_the_default(session, data):
    assert await posted(session, data) == (200, {"port": "default"})


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
async def test_a_body_is_read_whatever_it_is_called(session, kind):
    answer = await posted(session, b'{"port": "3001"}', **{"Content-Type": kind})

    assert answer == (200, {"port": "3001"})


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"port=3001",
        b"[]",
        b"[" * 100_000,
        b'{"port": ' * 100_000,
        b"\xff\xfe",
        b'{"port": "\xff"}',
        b'{"prot": "3001"}',
        b'{"port": {}}',
        b"NaN",
        b'"text"',
        b"{} {}",
    ],
)
async def test_a_body_that_cannot_be_used_is_refused_with_a_sentence(session, data):
    status, (code, message) = await posted(session, data)

    assert (status, code) == (400, "invalid_request")
    assert 0 < len(message) < 200


async def test_a_body_of_the_largest_size_is_read(session):
    data = b'{"port": "%s"}' % (b"x" * (LARGEST_BODY - 14))

    status, _ = await posted(session, data)

    assert status == 200


async def test_a_larger_body_is_refused(session):
    status, (code, _) = await posted(session, BytesIO(b" " * (LARGEST_BODY + 1)))

    assert (status, code) == (413, "body_too_large")


async def test_a_larger_body_that_does_not_say_so_is_refused(session):
    async def endless():
        for _ in count():
            yield b" " * 65536
            await asyncio.sleep(0)

    status, (code, _) = await posted(session, endless())

    assert (status, code) == (413, "body_too_large")


async def test_a_body_that_does_not_come_is_not_waited_for_for_ever(session, monkeypatch):
    monkeypatch.setattr(reading, "BODY_DEADLINE", 0.01)
    answered = asyncio.Event()

    async def dawdling():
        yield b"{"
        await answered.wait()

    try:
        status, (code, _) = await posted(session, dawdling())
    finally:
        answered.set()

    assert (status, code) == (408, "request_timeout")


@pytest.mark.parametrize(
    ("query", "value"), [("", None), ("?type=out", "out"), ("?type=error&type=x", "error")]
)
async def test_a_choice_is_read(session, query, value):
    assert await got(session, f"/choice{query}") == (200, value)


@pytest.mark.parametrize("query", ["?type=", "?type=OUT", "?type=%00", "?type=out%20"])
async def test_another_choice_is_refused_with_those_there_are(session, query):
    status, (code, message) = await got(session, f"/choice{query}")

    assert (status, code) == (400, "invalid_request")
    assert message.endswith("it must be one of out, error")


@pytest.mark.parametrize(
    ("query", "value"), [("", 20), ("?lines=0", 0), ("?lines=1000", 1000), ("?lines=007", 7)]
)
async def test_a_number_is_read(session, query, value):
    assert await got(session, f"/number{query}") == (200, value)


@pytest.mark.parametrize(
    "text", ["", "-1", "1001", "1.5", "1e2", "%2B1", "%D9%A3", "%C2%B2", "x", "9" * 5000]
)
async def test_what_is_no_number_or_too_large_is_refused(session, text):
    status, (code, message) = await got(session, f"/number?lines={text}")

    assert (status, code) == (400, "invalid_request")
    assert message.endswith("it must be a number from 0 to 1000")


@pytest.mark.parametrize(("text", "value"), [("999", 999), ("1001", 1000), ("9" * 5000, 1000)])
async def test_a_number_that_is_capped_may_be_too_large(session, text, value):
    assert await got(session, f"/capped?lines={text}") == (200, value)


@pytest.mark.parametrize("text", ["-1", "x", ""])
async def test_what_is_no_number_is_refused_where_numbers_are_capped(session, text):
    assert (await got(session, f"/capped?lines={text}"))[0] == 400


@pytest.mark.parametrize(
    ("query", "value"),
    [("", False), ("?wait=true", True), ("?wait=1", True), ("?wait=false", False)],
)
async def test_a_switch_is_read(session, query, value):
    assert await got(session, f"/switch{query}") == (200, value)


@pytest.mark.parametrize("text", ["", "yes", "TRUE"])
async def test_what_is_neither_on_nor_off_is_refused(session, text):
    assert (await got(session, f"/switch?wait={text}"))[0] == 400

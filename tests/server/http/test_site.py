import asyncio

import pytest
from aiohttp import web

from pmdaemon.core.access import digest_of
from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.listeners import AddressUnusable
from pmdaemon.server.http.native.errors import encode_error
from pmdaemon.server.http.site import Site, SiteParts
from tests.dialects.transcripts import ask
from tests.support.knocking import knocking_at, until_hung_up

OPEN = WebSettings("127.0.0.1", 0)
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def build_app():
    async def hello(_request):
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    return app


async def a_site(keeper, settings=OPEN):
    return await Site.open(SiteParts(Gate(settings), build_app(), encode_error), keeper)


async def test_it_serves_what_was_built(keeper):
    site = await a_site(keeper)

    answer = await ask(site.tcp_port, ["GET / HTTP/1.1"])

    assert answer.body == b"hello"
    assert site.url == f"http://127.0.0.1:{site.tcp_port}"
    await site.close()


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_comes_as_it_is_closed_is_ended_or_refused(keeper, turns):
    site = await a_site(keeper)
    client = knocking_at(site.tcp_port)
    for _ in range(turns):
        await asyncio.sleep(0)

    await site.close()

    await until_hung_up(client)


async def test_closing_it_again_does_nothing(keeper):
    site = await a_site(keeper)
    await site.close()

    await site.close()


async def test_it_is_at_its_address_whatever_the_key(keeper):
    site = await a_site(keeper)

    assert site.is_at(WebSettings("127.0.0.1", 0, digest_of("sesame")))
    assert not site.is_at(WebSettings("127.0.0.1", 1))
    assert not site.is_at(WebSettings("::1", 0))
    await site.close()


async def test_a_site_that_follows_takes_its_clients_from_the_same_queue(keeper):
    site = await a_site(keeper)
    port = site.tcp_port
    settings = WebSettings("127.0.0.1", 0, cors_origins=())
    assert not site.can_change_to(settings)

    after = await site.followed_by(SiteParts(Gate(settings), build_app(), encode_error))

    answer = await ask(port, ["GET / HTTP/1.1"])
    assert (after.tcp_port, answer.body) == (port, b"hello")
    assert len(keeper.kept) == 1
    await after.close()
    assert keeper.kept == {}


async def test_a_site_that_cannot_follow_leaves_the_one_before(keeper, tmp_path):
    site = await a_site(keeper)
    settings = WebSettings("127.0.0.1", 0, tls_cert=str(tmp_path / "none.pem"))

    with pytest.raises(InvalidInput):
        await site.followed_by(SiteParts(Gate(settings), build_app(), encode_error))

    answer = await ask(site.tcp_port, ["GET / HTTP/1.1"])
    assert answer.body == b"hello"
    await site.close()


async def test_an_application_that_does_not_start_leaves_its_port_free(keeper, unused_tcp_port):
    def build_broken_app():
        async def fail(_app):
            raise ValueError("no")

        app = web.Application()
        app.on_startup.append(fail)
        return app

    settings = WebSettings("127.0.0.1", unused_tcp_port)
    with pytest.raises(ValueError, match="no"):
        await Site.open(SiteParts(Gate(settings), build_broken_app(), encode_error), keeper)

    assert keeper.kept == {}
    site = await a_site(keeper, settings)
    await site.close()


async def test_its_port_is_free_when_it_is_closed(keeper):
    site = await a_site(keeper)
    port = site.tcp_port

    await site.close()

    again = await a_site(keeper, WebSettings("127.0.0.1", port))
    assert again.tcp_port == port
    await again.close()


async def test_its_port_is_kept_when_it_makes_way(keeper):
    site = await a_site(keeper)
    port = site.tcp_port

    await site.make_way()

    with pytest.raises(AddressUnusable):
        await a_site(keeper, WebSettings("127.0.0.1", port))


async def test_making_way_ends_connections_with_their_next_answer(keeper, monkeypatch):
    monkeypatch.setattr("pmdaemon.server.http.site.PARTING", 30.0)
    monkeypatch.setattr("pmdaemon.server.http.site.PARTING_LOOKS", 3000)
    site = await a_site(keeper)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.tcp_port)
    writer.write(REQUEST)
    await reader.readuntil(b"hello")

    leaving = asyncio.get_running_loop().create_task(site.make_way())
    await asyncio.sleep(0)  # one turn, in which it begins
    writer.write(REQUEST)
    answer = await reader.read()

    assert b"Connection: close" in answer
    await leaving
    writer.close()


async def test_making_way_closes_connections_that_say_nothing(keeper, monkeypatch):
    monkeypatch.setattr("pmdaemon.server.http.site.PARTING", 0.01)
    site = await a_site(keeper)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.tcp_port)
    writer.write(REQUEST)
    await reader.readuntil(b"hello")

    await site.make_way()

    assert await reader.read() == b""
    writer.close()


async def test_answers_keep_connections_until_then(keeper):
    site = await a_site(keeper)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.tcp_port)

    writer.write(REQUEST)
    first = await reader.readuntil(b"hello")
    writer.write(REQUEST)
    second = await reader.readuntil(b"hello")

    assert b"Connection: close" not in first + second
    writer.close()
    await site.close()

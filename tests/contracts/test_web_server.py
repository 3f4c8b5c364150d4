"""What every `WebServer` does, the real one and the fake."""

import asyncio

import pytest

from pmdaemon.core.access import digest_of
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.app import HttpServer
from tests.fakes.web_server import FakeWebServer
from tests.support.engine import engine_on_fakes

OPEN = WebSettings("127.0.0.1", 0)


@pytest.fixture(params=["real", "fake"])
async def server(request, tmp_path):
    if request.param == "fake":
        yield FakeWebServer()
        return
    async with engine_on_fakes(tmp_path) as parts:
        server = HttpServer(parts.engine)
        yield server
        await server.turn_off()


@pytest.fixture
async def unusable(server):
    """Settings that the server has to refuse."""
    listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    if isinstance(server, FakeWebServer):
        server.failure = PmdaemonError("cannot listen", code="address_in_use")
    yield WebSettings("127.0.0.1", listener.sockets[0].getsockname()[1])
    listener.close()


async def test_it_is_off_at_first(server):
    assert server.address is None


async def test_it_has_an_address_with_its_port_while_it_is_on(server):
    await server.turn_on(OPEN)

    scheme, host, port = server.address.split(":")
    assert (scheme, host) == ("http", "//127.0.0.1")
    assert int(port) > 0


async def test_it_can_be_turned_on_again_with_other_settings(server):
    await server.turn_on(OPEN)

    await server.turn_on(WebSettings("127.0.0.1", 0, digest_of("sesame")))

    assert server.address is not None


async def test_it_is_off_after_it_was_turned_off(server):
    await server.turn_on(OPEN)

    await server.turn_off()
    await server.turn_off()

    assert server.address is None


async def test_an_address_that_cannot_be_used_is_refused(server, unusable):
    with pytest.raises(PmdaemonError) as refused:
        await server.turn_on(unusable)

    assert refused.value.code == "address_in_use"
    assert server.address is None


async def test_it_is_off_after_it_has_made_way(server):
    await server.turn_on(OPEN)

    await server.make_way()

    assert server.address is None

import asyncio
import json
import os
import socket
import subprocess
import sys

import pytest

from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.daemon.web_server import LazyWebServer, release_unclaimed
from pmdaemon.engine.interfaces import WebSettings
from tests.support.engine import engine_on_fakes
from tests.support.ports import free_port


def test_aiohttp_is_not_loaded_until_the_web_side_is_turned_on():
    program = "import sys, pmdaemon.daemon.web_server; print('aiohttp' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout == b"False\n"


@pytest.fixture
def server():
    return LazyWebServer(KeeperLink())


async def test_it_is_off_until_it_is_turned_on(server, tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        server.serve(parts.engine)
        assert server.address is None

        await server.turn_on(WebSettings(tcp_port=0))
        assert server.address.startswith("http://127.0.0.1:")

        await server.turn_off()
        assert server.address is None


async def test_who_comes_before_it_is_on_waits_and_is_answered(server, tmp_path):
    settings = WebSettings(tcp_port=free_port())
    await server.reserve(settings)
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.tcp_port)
    writer.write(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    async with engine_on_fakes(tmp_path) as parts:
        server.serve(parts.engine)
        await server.turn_on(settings)

        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        await server.turn_off()


async def test_what_was_reserved_in_vain_is_free_again(server, tmp_path):
    settings = WebSettings(tcp_port=free_port())
    await server.reserve(settings)

    async with engine_on_fakes(tmp_path) as parts:
        server.serve(parts.engine)
        await server.turn_on(WebSettings(tcp_port=0))

        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", settings.tcp_port)
        await server.turn_off()


async def test_an_address_that_cannot_be_reserved_is_told_when_it_is_turned_on(server, tmp_path):
    listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    settings = WebSettings(tcp_port=listener.sockets[0].getsockname()[1])
    await server.reserve(settings)

    async with listener, engine_on_fakes(tmp_path) as parts:
        server.serve(parts.engine)
        with pytest.raises(PmdaemonError, match="another program is listening there"):
            await server.turn_on(settings)


async def test_what_was_never_on_can_be_turned_off_and_can_make_way(server):
    await server.turn_off()
    await server.make_way()

    assert server.address is None


async def test_where_nobody_comes_back_to_what_was_listened_on_nobody_listens():
    line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with line, theirs, socket.create_server(("127.0.0.1", 0)) as listener:
        keeper = KeeperLink(theirs)
        kept = {"kept": ["web 127.0.0.1 9615 0", "control"]}
        socket.send_fds(line, [json.dumps(kept).encode()], [listener.fileno()] * 2)
        line.send(json.dumps({"begin": {"deaths": 1}}).encode())
        keeper.receive()

        release_unclaimed(keeper)

        assert json.loads(line.recv(1024)) == {"drop": "web 127.0.0.1 9615 0"}
        assert keeper.names("web ") == []
        os.close(keeper.take("control"))


async def test_it_has_to_be_told_whom_to_serve(server):
    with pytest.raises(AssertionError, match="whom to serve"):
        await server.turn_on(WebSettings(tcp_port=0))

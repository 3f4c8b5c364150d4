import subprocess
import sys

import pytest

from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.daemon.web_server import LazyWebServer
from pmdaemon.engine.interfaces import WebSettings
from tests.support.engine import engine_on_fakes


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


async def test_what_was_never_on_can_be_turned_off_and_can_make_way(server):
    await server.turn_off()
    await server.make_way()

    assert server.address is None


async def test_it_has_to_be_told_whom_to_serve(server):
    with pytest.raises(AssertionError, match="whom to serve"):
        await server.turn_on(WebSettings(tcp_port=0))

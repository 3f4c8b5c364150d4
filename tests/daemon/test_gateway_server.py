import subprocess
import sys

import pytest

from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.core.routing import RouteTable, Target
from pmdaemon.daemon.certificates import LazyCertificates
from pmdaemon.daemon.gateway_server import LazyGatewayServer
from pmdaemon.engine.interfaces import GatewaySettings
from tests.fakes.clock import FakeClock
from tests.support.engine import engine_on_fakes

ON = GatewaySettings(host="127.0.0.1", http_port=0)


@pytest.fixture
def server(tmp_path):
    certificates = LazyCertificates(tmp_path, FakeClock(), lambda _: True)
    return LazyGatewayServer(KeeperLink(), certificates)


def test_nothing_of_the_gateway_is_loaded_until_it_is_turned_on():
    program = (
        "import sys, pmdaemon.daemon.gateway_server; "
        "print(sorted({'httptools', 'cryptography', 'pmdaemon.server.gateway'} & {*sys.modules}))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout == b"[]\n"


async def test_it_is_off_until_it_is_turned_on(server, tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        server.serve(parts.engine.gateway)
        assert server.addresses == ()

        await server.turn_on(ON)
        assert server.addresses[0].startswith("http://127.0.0.1:")

        await server.turn_off()
        assert server.addresses == []


async def test_what_was_never_on_can_be_told_anything(server):
    target = Target("127.0.0.1", 80)
    await server.balance({})
    server.swap(RouteTable())

    assert server.busy("app", target) == 0
    assert await server.drained("app", target, within=0.0)
    await server.turn_off()
    await server.make_way()
    assert server.addresses == ()


async def test_it_has_to_be_told_whom_to_serve(server):
    with pytest.raises(AssertionError, match="whom to serve"):
        await server.turn_on(ON)

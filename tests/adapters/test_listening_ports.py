import os
import socket

import pytest

from pmdaemon.adapters import listening_ports
from pmdaemon.adapters.listening_ports import ProcListeningPorts
from pmdaemon.core.process import Identity
from tests.support.ports import has_ipv6

pytestmark = pytest.mark.posix

US = Identity(os.getpid(), 0)


def test_the_ports_that_a_process_listens_on():
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
        socket.create_connection(one.getsockname()) as client,
    ):
        found = ProcListeningPorts().of([US])

        assert found >= {one.getsockname()[1], two.getsockname()[1]}
        assert client.getsockname()[1] not in found
        assert ProcListeningPorts().of([Identity(1 << 30, 0)]) == frozenset()


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_the_ports_that_a_process_listens_on_over_ipv6():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        assert listener.getsockname()[1] in ProcListeningPorts().of([US])


def test_where_the_system_does_not_tell_nobody_knows(monkeypatch, tmp_path):
    monkeypatch.setattr(listening_ports, "TABLES", (str(tmp_path / "nothing"),))

    assert ProcListeningPorts().of([US]) is None

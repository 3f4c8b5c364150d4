import socket

import pytest

from pmdaemon.adapters.tcp_probe import BindingTcpProbe
from tests.support.ports import free_port, has_ipv6

ADDRESSES = [
    pytest.param(socket.AF_INET, "0.0.0.0", id="all-ipv4"),
    pytest.param(socket.AF_INET, "127.0.0.1", id="loopback"),
    pytest.param(socket.AF_INET, "127.0.0.2", id="another-loopback"),
]
if has_ipv6():
    ADDRESSES += [
        pytest.param(socket.AF_INET6, "::", id="all-ipv6"),
        pytest.param(socket.AF_INET6, "::1", id="loopback-ipv6"),
    ]


@pytest.mark.parametrize(("family", "host"), ADDRESSES)
def test_a_port_is_not_free_whatever_address_it_is_listened_on(family, host):
    with socket.create_server((host, free_port()), family=family) as server:
        port = server.getsockname()[1]

        assert not BindingTcpProbe().is_free(port)

    assert BindingTcpProbe().is_free(port)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_a_port_of_a_dual_stack_server_is_not_free():
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        assert not BindingTcpProbe().is_free(server.getsockname()[1])


def test_lingering_connections_of_an_earlier_server_are_no_hindrance():
    with socket.create_server(("127.0.0.1", free_port())) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # who closes first is left in TIME_WAIT
            client.recv(1)

    assert BindingTcpProbe().is_free(port)


def test_a_port_that_was_bound_exclusively_is_not_free():
    with socket.socket() as exclusive:
        exclusive.bind(("0.0.0.0", 0))

        assert not BindingTcpProbe().is_free(exclusive.getsockname()[1])

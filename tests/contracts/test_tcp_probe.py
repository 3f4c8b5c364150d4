"""What everything that looks at TCP ports does."""

import socket

import pytest

from pmdaemon.adapters import tcp_probe
from pmdaemon.adapters.tcp_probe import BindingTcpProbe
from tests.fakes.tcp_probe import FakeTcpProbe
from tests.support.ports import free_port


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", free_port())) as server:
        yield server


@pytest.fixture(params=["fake", "binding"])
def probe(request, listener, monkeypatch):
    monkeypatch.setattr(tcp_probe, "CONNECT_PATIENCE", 60.0)  # however busy the machine is
    if request.param == "binding":
        return BindingTcpProbe()
    return FakeTcpProbe(listener.getsockname()[1])


def test_a_port_that_is_listened_on_is_not_free(probe, listener):
    free = probe.is_free(listener.getsockname()[1])

    assert not free


def test_a_port_that_is_listened_on_accepts(probe, listener):
    port = listener.getsockname()[1]

    assert probe.accepts(port)


def test_a_port_that_nobody_listens_on_does_not_accept(probe):
    with socket.create_server(("127.0.0.1", free_port())) as server:
        port = server.getsockname()[1]

    assert not probe.accepts(port)


def test_looking_at_a_port_does_not_take_it(probe):
    with socket.create_server(("127.0.0.1", free_port())) as server:
        port = server.getsockname()[1]

    assert [probe.is_free(port), probe.is_free(port)] == [True, True]

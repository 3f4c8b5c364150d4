import os
import socket

import pytest

from pmdaemon.adapters.shared_sockets import TcpSharedSockets
from pmdaemon.core.errors import TcpPortTaken
from tests.fakes.descriptor_store import FakeDescriptorStore
from tests.support.ports import answers, free_port, has_ipv6


class Keeper(FakeDescriptorStore):
    def names(self, prefix):
        return [name for name in self.kept if name.startswith(prefix)]


@pytest.fixture
def keeper():
    keeper = Keeper()
    yield keeper
    keeper.close()


class Programs:
    """What programs listen on still, or why we cannot have it."""

    def __init__(self):
        self.left = {}
        self.denied = False

    def copy(self, *key):
        if self.denied:
            raise PermissionError
        return self.left.pop(key, None)


@pytest.fixture
def programs():
    return Programs()


@pytest.fixture
def sockets(keeper, programs):
    sockets = TcpSharedSockets(keeper, left=programs.copy)
    yield sockets
    sockets.close("web")
    sockets.close("other")


@pytest.fixture
def port():
    return free_port()


def test_connections_are_taken_before_anybody_accepts_them(sockets, port):
    sockets.open("web", None, port)

    assert answers(port)


def test_all_instances_get_the_same_socket(sockets, port):
    assert sockets.open("web", None, port) == sockets.open("web", None, port)


def test_without_a_host_both_families_are_listened_on(sockets, port):
    sockets.open("web", None, port)

    socket.create_connection(("127.0.0.1", port), timeout=60).close()
    if has_ipv6():
        socket.create_connection(("::1", port), timeout=60).close()


def test_it_waits_for_connections_as_programs_expect_of_descriptor_3(sockets, port):
    assert os.get_blocking(sockets.open("web", None, port))


def test_who_was_slower_to_accept_is_not_kept_waiting(sockets, keeper, port):
    descriptor = sockets.open("web", None, port)

    sockets.open("web", None, port, blocking=False)

    with socket.socket(fileno=os.dup(descriptor)) as instance, pytest.raises(BlockingIOError):
        instance.accept()
    [kept] = keeper.kept.values()
    assert not os.get_blocking(kept)


def test_a_program_that_will_not_wait_is_not_made_to_by_the_next_instance(sockets, port):
    os.set_blocking(sockets.open("web", None, port), False)

    descriptor = sockets.open("web", None, port)

    assert not os.get_blocking(descriptor)


def test_a_host_is_listened_on_alone(sockets, port):
    descriptor = sockets.open("web", "127.0.0.1", port)

    with socket.socket(fileno=os.dup(descriptor)) as listener:
        assert listener.getsockname() == ("127.0.0.1", port)


def test_a_port_that_somebody_has_is_refused_with_the_systems_error(sockets):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(TcpPortTaken) as refusal:
            sockets.open("web", "127.0.0.1", port)

    assert refusal.value.message == (
        f"cannot listen on 127.0.0.1, port {port} for web: another program listens there"
    )
    assert refusal.value.details["errno"] == "EADDRINUSE"
    assert not sockets.has_any("web")


@pytest.mark.parametrize("host", ["203.0.113.7", "nonsense"])
def test_an_address_that_is_not_ours_is_refused(sockets, port, host):
    with pytest.raises(TcpPortTaken, match=f"cannot listen on {host}, port {port} for web: "):
        sockets.open("web", host, port)


def test_when_it_is_closed_connections_are_refused_at_once(sockets, keeper, port):
    copy = socket.socket(fileno=os.dup(sockets.open("web", None, port)))

    sockets.close("web")

    with copy:
        assert not answers(port)
        assert keeper.kept == {}
        socket.create_server(("", port)).close()


def test_each_app_has_its_own(sockets, port):
    sockets.open("web", None, port)

    sockets.close("other")

    assert sockets.has_any("web")
    assert not sockets.has_any("other")


@pytest.mark.parametrize("host", [None, "127.0.0.1"])
def test_a_next_daemon_finds_what_was_listened_on(sockets, keeper, programs, port, host):
    sockets.open("web", host, port)

    next_daemon = TcpSharedSockets(keeper, left=programs.copy)

    assert next_daemon.has_any("web")
    with socket.socket(fileno=os.dup(next_daemon.open("web", host, port))) as listener:
        assert listener.getsockname()[1] == port
    next_daemon.close("web")


def test_what_only_the_instances_have_still_is_copied_from_them_and_kept(
    sockets, keeper, programs, port
):
    left = socket.create_server(("127.0.0.1", port))
    programs.left["web", "127.0.0.1", port] = socket.socket(fileno=os.dup(left.fileno()))

    descriptor = sockets.open("web", "127.0.0.1", port, blocking=False)

    assert sockets.open("web", "127.0.0.1", port) == descriptor
    assert len(keeper.kept) == 1
    assert not os.get_blocking(left.fileno())
    left.close()
    assert answers(port)


def test_that_a_system_forbids_that_is_said(sockets, programs, port):
    programs.denied = True

    with (
        socket.create_server(("", port)),
        pytest.raises(TcpPortTaken, match=r"its instances do, .* \(kernel.yama.ptrace_scope\)"),
    ):
        sockets.open("web", None, port)
    assert not sockets.has_any("web")

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest

from pmdaemon.adapters import held_sockets, listening_ports
from pmdaemon.adapters.held_sockets import listener_held_by
from pmdaemon.core.process import Identity
from tests.support.ports import answers

pytestmark = pytest.mark.posix

NOBODY = Identity(1 << 30, 0)


class Holder:
    """A program that has the only copy of a socket that listens."""

    def __init__(self, host: str) -> None:
        both = host == "::"
        family = socket.AF_INET6 if both else socket.AF_INET
        with socket.create_server((host, 0), family=family, dualstack_ipv6=both) as listener:
            self.port = listener.getsockname()[1]
            self._program = subprocess.Popen(["sleep", "60"], pass_fds=[listener.fileno()])
        self.identity = Identity(self._program.pid, 0)

    def end(self) -> None:
        self._program.kill()
        self._program.wait()


@pytest.fixture
def holder(request: pytest.FixtureRequest) -> Iterator[Holder]:
    holder = Holder(getattr(request, "param", "127.0.0.1"))
    yield holder
    holder.end()


@pytest.mark.parametrize(
    ("holder", "host"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", None), ("::", None)],
    indirect=["holder"],
)
def test_a_socket_is_got_back_from_a_program_that_holds_it(holder: Holder, host: str | None):
    found = listener_held_by([NOBODY, holder.identity], host, holder.port)

    holder.end()
    assert found is not None
    with found:
        assert not found.get_inheritable()
        assert answers(holder.port)
    assert not answers(holder.port)


def test_a_socket_that_listens_elsewhere_is_left_alone(holder: Holder):
    before = os.listdir("/proc/self/fd")

    assert listener_held_by([holder.identity], None, holder.port) is None
    assert listener_held_by([holder.identity], "127.0.0.1", holder.port + 1) is None

    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_where_the_system_refuses_there_is_none(holder: Holder, monkeypatch):
    monkeypatch.setattr(held_sockets, "GETFD", 1 << 20)

    assert listener_held_by([holder.identity], "127.0.0.1", holder.port) is None


def test_where_the_system_does_not_tell_who_listens_there_is_none(
    holder: Holder, monkeypatch, tmp_path
):
    monkeypatch.setattr(listening_ports, "TABLES", (str(tmp_path / "nothing"),))

    assert listener_held_by([holder.identity], "127.0.0.1", holder.port) is None

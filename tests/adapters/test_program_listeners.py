import ctypes
import errno
import os
import subprocess
import sys

import pytest

from pmdaemon.adapters.platforms import process_reader
from pmdaemon.adapters.program_listeners import ProgramListeners
from pmdaemon.core.process import Identity
from tests.support.ports import answers

pytestmark = [
    pytest.mark.posix,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="only root may copy descriptors"
    ),
]

LISTENS = """
import socket, sys
sockets = [socket.create_server((sys.argv[1], 0)) for _ in range(2)]
client = socket.create_connection(sockets[0].getsockname())
print(*(one.getsockname()[1] for one in sockets), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def program():
    """Starts a program that listens twice at an address, and tells its identity and its ports."""
    started = []

    def start(address="127.0.0.1"):
        command = [sys.executable, "-c", LISTENS, address]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(child)
        ports = [int(word) for word in child.stdout.readline().split()]
        return process_reader().entry(child.pid).identity, ports

    yield start
    for child in started:
        child.kill()
        child.communicate()


def listeners(*runs):
    return ProgramListeners(process_reader(), lambda app: runs if app == "web" else ())


def test_what_a_program_listens_on_outlives_it_by_a_copy(program):
    run, [_, port] = program()

    with listeners(run).copy("web", "127.0.0.1", port) as copied:
        os.kill(run.pid, 9)
        os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOWAIT)
        assert answers(port)
        assert not os.get_inheritable(copied.fileno())
    assert not answers(port)


@pytest.mark.parametrize("address", ["", "::"])
def test_without_a_host_all_addresses_are_meant(program, address):
    run, [port, _] = program(address) if address != "::" else program()

    copied = listeners(run).copy("web", None, port)

    assert (copied is not None) == (address == "")
    if copied is not None:
        copied.close()


@pytest.mark.parametrize("host", ["127.0.0.2", "::1", "localhost"])
def test_at_another_address_there_is_none(program, host):
    run, [port, _] = program()

    assert listeners(run).copy("web", host, port) is None


def test_on_another_port_of_another_app_or_in_another_process_there_is_none(program):
    run, [port, _] = program()
    replaced = Identity(run.pid, run.start_time + 1)
    ended = Identity(1 << 22, 1)

    assert listeners(run).copy("web", "127.0.0.1", 1) is None
    assert listeners(run).copy("other", "127.0.0.1", port) is None
    assert listeners(replaced, ended).copy("web", "127.0.0.1", port) is None


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
def test_a_system_that_forbids_it_is_told_from_one_that_cannot(program, monkeypatch, number):
    class Libc:
        def syscall(self, *_):
            ctypes.set_errno(number)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Libc())
    run, [port, _] = program()

    if number == errno.EPERM:
        with pytest.raises(PermissionError):
            listeners(run).copy("web", "127.0.0.1", port)
    else:
        assert listeners(run).copy("web", "127.0.0.1", port) is None

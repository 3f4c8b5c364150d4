import asyncio
import os
import socket
import subprocess
import sys

import pytest

from pmdaemon.adapters.notify_socket import LONGEST_PATH, DatagramNotifySocket
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="credentials are Linux's")

SAY_READY = """
import os, socket, sys
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
line.connect(os.environ["NOTIFY_SOCKET"])
line.send(sys.argv[1].encode())
sys.stdin.read()
"""


@pytest.fixture
async def heard():
    return []


@pytest.fixture
async def notify(tmp_path, keeper, heard, proc_reader):
    notify = DatagramNotifySocket(tmp_path / "run" / "notify.sock", proc_reader, keeper)
    notify.attend(heard.append)
    notify.listen()
    yield notify
    notify.close()


@pytest.fixture
def saying(notify):
    """Say something as a program that goes on."""
    running = []

    def say(text):
        environment = {**os.environ, "NOTIFY_SOCKET": notify.address}
        command = [sys.executable, "-S", "-c", SAY_READY, text]
        running.append(subprocess.Popen(command, env=environment, stdin=subprocess.PIPE))
        return running[-1]

    yield say
    for program in running:
        program.communicate()


async def test_who_says_that_it_is_ready_is_told_by_the_kernel(saying, heard, proc_reader):
    program = saying("STATUS=warm\nREADY=1\n")

    [ancestry] = await eventually(lambda: heard)

    pids = [identity.pid for identity in ancestry]
    assert pids[:2] == [program.pid, os.getpid()]
    assert ancestry[0] == proc_reader.entry(program.pid).identity


@pytest.mark.parametrize("text", ["STATUS=READY=1", "READY=10", "READY=0", "", "\xff"])
async def test_anything_else_means_nothing(saying, heard, text):
    saying(text)
    saying("READY=1")

    await eventually(lambda: heard)
    assert len(heard) == 1


async def test_what_a_program_waits_on_is_closed_when_it_was_heard(notify):
    reading, writing = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.connect(notify.address)
        socket.send_fds(line, [b"BARRIER=1"], [writing])
    os.close(writing)

    closed = await asyncio.wait_for(asyncio.to_thread(os.read, reading, 1), 60)

    assert closed == b""
    os.close(reading)


async def test_what_is_said_while_no_daemon_is_there_waits_for_the_next(
    notify, keeper, heard, tmp_path, proc_reader
):
    address = notify.address
    notify.close()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.connect(address)
        line.send(b"READY=1")
    assert heard == []

    next_daemon = DatagramNotifySocket(tmp_path / "run" / "notify.sock", proc_reader, keeper)
    next_daemon.attend(heard.append)
    next_daemon.listen()

    [ancestry] = await eventually(lambda: heard)
    assert ancestry[0].pid == os.getpid()
    next_daemon.close()


async def test_a_socket_that_somebody_removed_is_made_anew(notify, keeper, tmp_path, proc_reader):
    path = tmp_path / "run" / "notify.sock"
    notify.close()
    path.unlink()

    next_daemon = DatagramNotifySocket(path, proc_reader, keeper)
    next_daemon.listen()

    assert path.exists()
    next_daemon.close()


async def test_with_too_long_a_path_there_is_none(tmp_path, keeper, proc_reader):
    notify = DatagramNotifySocket(tmp_path / ("x" * LONGEST_PATH), proc_reader, keeper)

    notify.listen()

    assert notify.address is None

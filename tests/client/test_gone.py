import os
import subprocess

import pytest

from pmdaemon.client import gone
from pmdaemon.client.gone import wait_until_gone
from pmdaemon.core.errors import OperationFailed
from tests.support.descriptors import BEYOND_SELECT, moved_up, room_beyond_select

pytestmark = pytest.mark.posix

PIDFD_OPEN = getattr(os, "pidfd_open", None)


@pytest.fixture
def daemon():
    program = subprocess.Popen(["sleep", "60"])
    yield program
    program.kill()
    program.wait()


@pytest.fixture(params=["by its descriptor", "by looking"])
def way(request, monkeypatch):
    if request.param == "by looking":
        monkeypatch.delattr("os.pidfd_open", raising=False)


def test_what_is_gone_already_is_not_waited_for(daemon, way):
    daemon.kill()
    daemon.wait()

    wait_until_gone(daemon.pid)


def test_what_lives_on_is_an_error(daemon, way, monkeypatch):
    monkeypatch.setattr(gone, "PATIENCE", 0.01)

    with pytest.raises(OperationFailed, match=f"pid {daemon.pid}"):
        wait_until_gone(daemon.pid)


def test_a_program_with_many_open_files_can_wait_too(daemon, monkeypatch):
    monkeypatch.setattr("os.pidfd_open", lambda pid: moved_up(PIDFD_OPEN(pid)))
    daemon.terminate()

    with room_beyond_select():
        wait_until_gone(daemon.pid)

    with pytest.raises(OSError, match="Bad file"):
        os.fstat(BEYOND_SELECT)


def test_an_end_is_waited_for(daemon):
    daemon.terminate()

    wait_until_gone(daemon.pid)

    assert daemon.wait(0) is not None

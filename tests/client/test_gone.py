import subprocess

import pytest

from pmdaemon.client import gone
from pmdaemon.client.gone import wait_until_gone
from pmdaemon.core.errors import OperationFailed

pytestmark = pytest.mark.posix


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


def test_an_end_is_waited_for(daemon):
    daemon.terminate()

    wait_until_gone(daemon.pid)

    assert daemon.wait(0) is not None

import subprocess

import pytest

from pmdaemon.cli.commands import kill
from tests.support.views import a_view


@pytest.fixture
def sleeper():
    program = subprocess.Popen(["sleep", "60"])
    yield program
    program.kill()
    program.wait()


def test_without_a_daemon_there_is_nothing_to_kill(cli_without_daemon):
    assert cli_without_daemon("kill") == 0
    assert cli_without_daemon.out == "no daemon is running\n"

    assert cli_without_daemon("kill", "--json") == 0
    assert cli_without_daemon.json == {"pid": None, "processes": []}


def test_the_daemon_that_ended_is_named(cli, sleeper):
    sleeper.kill()
    sleeper.wait()
    cli.does("kill", a_view(), pid=sleeper.pid)

    assert cli("kill") == 0
    assert cli.out == f"stopped the daemon (pid {sleeper.pid}) and all programs\n"


@pytest.mark.posix
def test_a_daemon_that_lives_on_is_an_error(cli, sleeper, monkeypatch):
    monkeypatch.setattr(kill, "END_PATIENCE", 0.01)
    cli.does("kill", pid=sleeper.pid)

    assert cli("kill") == 1
    assert f"the daemon (pid {sleeper.pid}) stopped its programs" in cli.err


@pytest.mark.posix
def test_systems_without_pidfds_are_served_too(cli, sleeper, monkeypatch):
    monkeypatch.delattr("os.pidfd_open", raising=False)
    monkeypatch.setattr(kill, "END_PATIENCE", 0.01)
    cli.does("kill", pid=sleeper.pid)
    assert cli("kill") == 1

    sleeper.kill()
    sleeper.wait()
    assert cli("kill") == 0

import subprocess

import pytest

from pmdaemon.client import gone
from tests.support.views import a_view


def a_pid_that_is_gone():
    program = subprocess.Popen(["true"])
    program.wait()
    return program.pid


def test_without_a_daemon_there_is_nothing_to_kill(cli_without_daemon):
    assert cli_without_daemon("kill") == 0
    assert cli_without_daemon.out == "no daemon is running\n"

    assert cli_without_daemon("kill", "--json") == 0
    assert cli_without_daemon.json == {"pid": None, "processes": []}


def test_the_daemon_that_ended_is_named(cli):
    pid = a_pid_that_is_gone()
    cli.does("kill", a_view(), pid=pid, keeper=pid)

    assert cli("kill") == 0
    assert cli.out == f"stopped the daemon (pid {pid}) and all programs\n"


def test_a_daemon_that_lost_its_keeper_is_waited_for_itself(cli):
    pid = a_pid_that_is_gone()
    cli.does("kill", pid=pid)

    assert cli("kill") == 0


def test_a_program_that_survives_is_an_error(cli):
    cli.refuses("kill", "operation_failed", "cannot stop app: survived SIGKILL: pid 12")

    assert cli("kill") == 1


@pytest.mark.posix
def test_a_keeper_that_lives_on_is_an_error(cli, monkeypatch):
    monkeypatch.setattr(gone, "PATIENCE", 0.01)
    with subprocess.Popen(["sleep", "60"]) as daemon:
        cli.does("kill", pid=a_pid_that_is_gone(), keeper=daemon.pid)

        assert cli("kill") == 1
        assert f"the daemon (pid {daemon.pid}) " in cli.err
        daemon.kill()

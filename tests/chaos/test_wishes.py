import os
import signal
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pmdaemon.core.errors import PmdaemonError
from tests.support.daemon import a_daemon, until
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow]

SLEEPER = {"script": "sleep", "args": ["100000"], "stop_signal": "SIGTERM"}

STUBBORN = {
    "name": "stubborn",
    "script": "trap '' TERM; echo deaf; while :; do sleep 1; done",
    "stop_signal": "SIGTERM",
    "kill_timeout": "6s",
}


def ask_and_kill(daemon, verb):
    """Give a command, and kill the daemon when it has begun to carry it out."""
    output = Path(daemon.processes()["stubborn"]["out_file"])
    eventually_sync(lambda: output.read_text() == "deaf\n")

    def ask():
        with suppress(PmdaemonError):  # nobody answers
            daemon.request(verb, {"selectors": ["stubborn"]})

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: daemon.processes()["stubborn"]["state"] == "stopping")
    daemon.kill()
    asking.join()


def test_a_stop_that_was_not_carried_out_is_carried_out_by_the_next_daemon(tmp_path):
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(STUBBORN)

        ask_and_kill(daemon, "stop")

        until(lambda: daemon.processes()["stubborn"]["state"] == "stopped")
        assert not daemon.programs()


def test_a_delete_that_was_not_carried_out_is_carried_out_by_the_next_daemon(tmp_path):
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(STUBBORN)

        ask_and_kill(daemon, "delete")

        until(lambda: daemon.processes() == {})
        assert not daemon.programs()


def test_a_restart_that_was_not_carried_out_is_carried_out_by_the_next_daemon(tmp_path):
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(STUBBORN)
        former = daemon.programs()

        ask_and_kill(daemon, "restart")

        until(lambda: daemon.processes()["stubborn"]["state"] == "online")
        assert daemon.processes()["stubborn"]["restarts"] == 1
        assert not daemon.programs() & former


def reboot(daemon):
    """End all that runs, and have the next daemon believe that the machine was started anew."""
    lost = daemon.programs()
    daemon.kill_both()
    for pid in lost:
        os.kill(pid, signal.SIGKILL)
    eventually_sync(lambda: not daemon.everything())
    with closing(sqlite3.connect(daemon.home.database)) as store, store:
        store.execute("UPDATE settings SET value = 'another' WHERE key = 'boot_id'")
    until(daemon.is_up)


def test_after_a_reboot_what_was_up_comes_back_and_what_was_down_stays_down(tmp_path):
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps({"name": "up", **SLEEPER}, {"name": "down", **SLEEPER})
        daemon.request("stop", {"selectors": ["down"]})

        reboot(daemon)

        until(lambda: daemon.processes()["up"]["state"] == "online")
        views = daemon.processes()
        assert {name: one["state"] for name, one in views.items()} == {
            "up": "online",
            "down": "stopped",
        }
        assert views["up"]["restarts"] == 0
        assert len(daemon.programs()) == 1


def test_how_a_program_ends_that_was_begun_with_a_daemon_is_known_to_the_one_after_the_next(
    tmp_path,
):
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps({"name": "app", **SLEEPER})
        reboot(daemon)
        until(lambda: daemon.processes()["app"]["state"] == "online")
        program = daemon.processes()["app"]["pid"]

        first = daemon.kill()
        # The next one is told of the end, and does not come to hear it.
        second = eventually_sync(lambda: (pid := daemon.pid) not in {None, first} and pid)
        os.kill(second, signal.SIGSTOP)
        os.kill(program, signal.SIGKILL)
        eventually_sync(lambda: not Path(f"/proc/{program}").exists())
        os.kill(second, signal.SIGKILL)

        until(lambda: daemon.processes()["app"]["restarts"] == 1)
        assert daemon.processes()["app"]["last_exit"] == {"code": None, "signal": signal.SIGKILL}

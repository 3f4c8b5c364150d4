"""`kill`: all programs, and then the daemon; the list stays."""

import os
import signal

from tests.acceptance.conftest import FOREVER
from tests.support.running import is_alive, running_for
from tests.support.waiting import eventually_sync


def test_nothing_is_left_and_the_list_is_known_to_the_next_daemon(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "3")
    pids = [pmdaemon.daemon, pmdaemon.keeper, *(each["pid"] for each in pmdaemon.list())]

    killed = pmdaemon.run("kill")

    assert f"stopped the daemon (pid {pids[0]}) and all programs\n" in killed.out
    assert not any(map(is_alive, pids))
    assert running_for(pmdaemon.home) == []
    assert not (pmdaemon.home / "daemon.sock").exists()
    assert not (pmdaemon.home / "daemon.pid").exists()
    assert [each["state"] for each in pmdaemon.list()] == ["stopped"] * 3


def test_there_may_be_nothing_to_kill(pmdaemon):
    assert pmdaemon.run("kill").out == "no daemon is running\n"
    assert pmdaemon.run("kill", "--json").json == {"pid": None, "processes": []}
    assert not pmdaemon.home.exists()


def test_a_program_that_is_deaf_is_killed_too(pmdaemon):
    pmdaemon.script("app.sh", "trap '' INT TERM\necho $$ > ready\nwhile :; do sleep 1; done\n")
    pmdaemon.run("start", "app.sh", "--kill-timeout", "100")
    pid = pmdaemon.pid("app")
    eventually_sync((pmdaemon.work / "ready").exists)

    pmdaemon.run("kill")

    assert not is_alive(pid)


def test_a_new_daemon_can_be_had_at_once(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")

    for _ in range(5):
        pmdaemon.run("kill")
        pmdaemon.run("start", "app")

    assert pmdaemon.process("app")["state"] == "online"


def test_a_sigterm_ends_programs_and_they_are_back_with_the_next_daemon(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pid, keeper, daemon = pmdaemon.pid("app"), pmdaemon.keeper, pmdaemon.daemon

    os.kill(keeper, signal.SIGTERM)

    after = pmdaemon.when("app", lambda one: one["state"] == "online" and one["pid"] != pid)
    assert not is_alive(pid)
    assert not is_alive(daemon)
    assert after["restarts"] == 0

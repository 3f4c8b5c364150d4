"""`restart`, and the restarts that nobody asks for."""

import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER, LISTENS
from tests.support.ports import answers
from tests.support.running import command_line, environment_of, is_alive
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home


def test_a_restarted_program_is_another_process_under_the_same_id(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "--env", "COLOUR=blue")
    before = pmdaemon.process("app")

    restarted = pmdaemon.run("restart", "app")

    after = pmdaemon.process("app")
    assert not is_alive(before["pid"])
    assert "restarted app (id 0)\n" in restarted.out
    assert (after["pm_id"], after["restarts"], after["state"]) == (0, 1, "online")
    assert environment_of(after["pid"])["COLOUR"] == "blue"
    assert after["last_cause"] == "restart requested"


def test_a_stopped_program_is_started_by_a_restart(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("stop", "app")

    pmdaemon.run("restart", "app")

    assert is_alive(pmdaemon.pid("app"))


def test_all_programs_are_restarted(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "a", "-i", "2")
    pmdaemon.run("start", FOREVER, "--name", "b")
    before = {each["pid"] for each in pmdaemon.list()}

    pmdaemon.run("restart", "all")

    after = {each["pid"] for each in pmdaemon.list()}
    assert len(after) == 3
    assert not before & after


def test_a_server_has_its_port_again(pmdaemon, port):
    pmdaemon.script("app.py", LISTENS)
    pmdaemon.run("start", "app.py", "--port", str(port))
    eventually_sync(lambda: answers(port))

    pmdaemon.run("restart", "app")

    log = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: log.read_text() == "listening\nlistening\n")
    assert answers(port)


def test_an_edited_script_is_what_runs_after_a_restart(pmdaemon):
    script = pmdaemon.script("app.sh", "exec sleep 1000\n")
    pmdaemon.run("start", "app.sh")
    script.write_text("exec sleep 2000\n")

    pmdaemon.run("restart", "app")

    eventually_sync(lambda: command_line(pmdaemon.pid("app"))[-1] == "2000")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_program_that_was_killed_is_back_and_counted(pmdaemon, number):
    pmdaemon.run("start", FOREVER, "--name", "app")
    before = pmdaemon.pid("app")

    os.kill(before, number)

    after = pmdaemon.when("app", lambda one: one["restarts"] == 1 and one["state"] == "online")
    assert after["pid"] != before
    assert is_alive(after["pid"])
    assert after["last_exit"] == {"code": None, "signal": number}
    assert f"{signal.Signals(number).name}, ended by itself" in pmdaemon.run("describe", "app").out


def test_a_program_that_ends_well_is_started_again_too(pmdaemon):
    pmdaemon.script("app.sh", "test -e ended || { touch ended; exit 0; }\nexec sleep 1000\n")

    pmdaemon.run("start", "app.sh")

    back = pmdaemon.when("app", lambda one: one["restarts"] == 1 and one["state"] == "online")
    assert back["last_exit"] == {"code": 0, "signal": None}


def test_a_program_that_dies_while_no_daemon_runs_is_back_with_its_exit_known(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pid, daemon = pmdaemon.pid("app"), pmdaemon.daemon

    os.kill(daemon, signal.SIGKILL)
    os.kill(pid, signal.SIGUSR1)

    back = pmdaemon.when("app", lambda one: one["restarts"] == 1 and one["state"] == "online")
    assert back["pid"] != pid
    assert back["last_exit"] == {"code": None, "signal": signal.SIGUSR1}


def test_a_program_does_not_notice_that_the_daemon_was_killed(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "3")
    before = [(each["pid"], each["restarts"], each["started"]) for each in pmdaemon.list()]

    for _ in range(3):
        pmdaemon.kill_daemon()

    after = [(each["pid"], each["restarts"], each["started"]) for each in pmdaemon.list()]
    assert after == before


def test_a_restart_of_what_is_not_there_is_refused(pmdaemon):
    sentence = pmdaemon.refused("restart", "app", status=3)

    assert sentence == "no process, id or namespace is called app"

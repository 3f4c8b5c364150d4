"""`stop`: when it returns, nothing of the program is left."""

import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER, LISTENS
from tests.support.ports import answers
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

# Each process of these families writes its pid into a file before it goes on.
FAMILY = """
sleep 1000 & echo $! > child
sh -c 'trap "" INT TERM; echo $$ > deaf; while :; do sleep 1; done' &
wait
"""

LEAVES_ITS_SESSION = """
setsid sh -c 'trap "" INT TERM; echo $$ > child; sleep 1000' &
wait
"""

DAEMONIZES = """
import os, signal, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open("child", "w") as file:
        file.write(str(os.getpid()))
    os.chdir("/")
signal.pause()
"""


def pids_in(pmdaemon, *names):
    """Wait until each of these files has a pid in it."""

    def found():
        texts = [path.read_text() for path in paths if path.exists()]
        return [int(text) for text in texts] if all(texts) and len(texts) == len(paths) else []

    paths = [pmdaemon.work / name for name in names]
    return eventually_sync(found)


def test_a_stopped_program_is_gone_and_stays_listed(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pid = pmdaemon.pid("app")

    stopped = pmdaemon.run("stop", "app")

    assert not is_alive(pid)
    assert "stopped app (id 0)\n" in stopped.out
    process = pmdaemon.process("app")
    assert (process["state"], process["pid"], process["restarts"]) == ("stopped", None, 0)
    assert process["last_exit"] == {"code": None, "signal": signal.SIGINT}


@pytest.mark.parametrize(
    ("script", "members"),
    [
        pytest.param(("app.sh", FAMILY), ("child", "deaf"), id="children and one that is deaf"),
        pytest.param(("app.sh", LEAVES_ITS_SESSION), ("child",), id="one that left its session"),
        pytest.param(("app.py", DAEMONIZES), ("child",), id="one that made itself a daemon"),
    ],
)
def test_everything_that_a_program_started_is_gone_with_it(pmdaemon, script, members):
    pmdaemon.script(*script)
    pmdaemon.run("start", script[0], "--kill-timeout", "200")
    family = [pmdaemon.pid("app"), *pids_in(pmdaemon, *members)]
    assert all(map(is_alive, family))

    pmdaemon.run("stop", "app")

    assert [pid for pid in family if is_alive(pid)] == []


def test_what_a_program_left_behind_is_gone_before_it_starts_again(pmdaemon, port):
    pmdaemon.script("server.py", LISTENS)
    pmdaemon.script("app.sh", "python3 server.py & echo $! > child; wait\n")
    pmdaemon.run("start", "app.sh", "--port", str(port))
    [child] = pids_in(pmdaemon, "child")
    eventually_sync(lambda: answers(port))

    os.kill(pmdaemon.pid("app"), signal.SIGKILL)

    # The next server could not have the port while the former one is there.
    pmdaemon.when("app", lambda one: one["restarts"] == 1 and one["state"] == "online")
    eventually_sync(lambda: Path(pmdaemon.process("app")["out_file"]).read_text().count("\n") == 2)
    assert not is_alive(child)


def test_a_program_that_waits_for_its_restart_is_not_started_any_more(pmdaemon):
    pmdaemon.run("start", "false", "--name", "app", "--restart-delay", "500")
    pmdaemon.when("app", lambda one: one["state"] == "backoff")

    pmdaemon.run("stop", "app")

    stopped = pmdaemon.process("app")
    pmdaemon.run("start", "sh -c 'exit 0'", "--name", "clock", "--restart-delay", "700")
    pmdaemon.when("clock", lambda one: one["restarts"] >= 2)
    assert pmdaemon.process("app") == stopped


def test_a_stop_is_remembered_by_the_next_daemon(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("start", FOREVER, "--name", "other")
    pmdaemon.run("stop", "app")

    pmdaemon.kill_daemon()

    assert {each["name"]: each["state"] for each in pmdaemon.list()} == {
        "app": "stopped",
        "other": "online",
    }


def test_programs_are_chosen_by_all_that_can_name_them(pmdaemon):
    for name in ("zero", "one", "two", "three", "four"):
        pmdaemon.run("start", FOREVER, "--name", name, "--namespace", f"of-{name}")

    stopped = pmdaemon.run("stop", "0", "one", "of-two", "/^th/", "--json").json

    assert [each["name"] for each in stopped] == ["zero", "one", "two", "three"]
    assert {each["state"] for each in stopped} == {"stopped"}
    assert pmdaemon.process("four")["state"] == "online"


def test_one_instance_is_stopped_by_its_number(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2")

    pmdaemon.run("stop", "app:1")

    assert [each["state"] for each in pmdaemon.list()] == ["online", "stopped"]


def test_stopping_what_is_down_already_is_no_error(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("stop", "app")

    pmdaemon.run("stop", "app")

    assert pmdaemon.process("app")["state"] == "stopped"


def test_all_of_nothing_is_stopped_without_complaint(pmdaemon):
    assert pmdaemon.run("stop", "all").lines[0] == "there is no process"
    assert pmdaemon.run("stop", "all", "--json").json == []


def test_when_one_of_the_names_is_wrong_nothing_is_stopped(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")

    sentence = pmdaemon.refused("stop", "app", "apq", status=3)

    assert sentence == "no process, id or namespace is called apq; did you mean app?"
    assert pmdaemon.process("app")["state"] == "online"

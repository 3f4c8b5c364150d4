"""What a control group for each run adds to `pmdaemon stop`, where groups can be had."""

import os
import signal
import sys

import pytest

from pmdaemon.adapters import cgroup_files
from tests.acceptance.test_stop_whole_trees import NAMELESS_DOUBLE_FORK, a_tree
from tests.support.control_groups import groups_of, own_group
from tests.support.running import command_line, is_alive, pids
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

UNTIL_HELD = """
def until_held():
    while "pmdaemon.run-" not in open("/proc/self/cgroup").read():
        time.sleep(0.01)
"""

SWARM = """
import os, time
until_held()
end = time.monotonic() + 60
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        while time.monotonic() < end:
            if os.fork():
                os._exit(0)
        os._exit(0)
print("off", flush=True)
time.sleep(1000)
"""
"""Begins three sessions, in each of which every process ends as soon as it has begun another."""


@pytest.fixture(autouse=True)
def grouped():
    own_group()


@pytest.fixture
def tree(tmp_path, pmdaemon):
    with a_tree(tmp_path, pmdaemon) as tree:
        yield tree


@pytest.mark.parametrize("prelude", ["", UNTIL_HELD + "until_held()\n"], ids=["at once", "later"])
def test_what_has_lost_every_mark_is_gone_with_its_program_beside_an_older_one(
    pmdaemon, tree, prelude
):
    pmdaemon.run("start", "sleep 1000", "--name", "older")
    eventually_sync(lambda: members(pmdaemon.home, 1))  # it cannot have begun what comes now
    tree.start(prelude + NAMELESS_DOUBLE_FORK, wait_for=2)

    pmdaemon.run("stop", "app")

    assert tree.alive() == {}
    assert pmdaemon.process("older")["state"] == "online"


@pytest.mark.own_home
def test_a_daemon_that_comes_after_keeper_and_daemon_finds_the_groups(pmdaemon, tree):
    pmdaemon.run("start", "sleep 1000", "--name", "older")
    tree.start(UNTIL_HELD + "until_held()\n" + NAMELESS_DOUBLE_FORK, wait_for=2)
    keeper, daemon = pmdaemon.keeper, pmdaemon.daemon
    for pid in (keeper, daemon):
        os.kill(pid, signal.SIGKILL)
    eventually_sync(lambda: not is_alive(keeper) and not is_alive(daemon))

    pmdaemon.run("stop", "app")

    assert tree.alive() == {}


def test_what_forks_faster_than_signals_come_is_stopped(pmdaemon):
    script = pmdaemon.script("swarm.py", "import time" + UNTIL_HELD + SWARM)
    pmdaemon.run("start", f"{sys.executable} {script}", "--name", "app", "--kill-timeout", "200ms")
    eventually_sync(lambda: "off" in pmdaemon.run("logs", "app", "--nostream").out)

    pmdaemon.run("stop", "app")

    assert not [pid for pid in pids() if is_running(pid, str(script))]


def is_running(pid, script):
    try:
        return script in command_line(pid) and is_alive(pid)
    except OSError:
        return False


@pytest.mark.own_home
def test_each_run_has_a_group_and_none_is_left_of_those_that_are_over(pmdaemon):
    pmdaemon.run("start", "sleep 1000", "--name", "app", "-i", "2")
    pmdaemon.run("start", "sleep 1000", "--name", "other")
    held = eventually_sync(lambda: members(pmdaemon.home, 3))
    programs = {process["pid"] for process in pmdaemon.list()}

    pmdaemon.run("restart", "app")
    pmdaemon.run("delete", "other")
    eventually_sync(lambda: members(pmdaemon.home, 2))
    eventually_sync(lambda: len(groups_of(pmdaemon.home)) == 2)
    pmdaemon.run("kill")

    assert held == programs
    eventually_sync(lambda: not groups_of(pmdaemon.home))


def members(home, groups):
    """List who is in the groups of a home, if there are so many of one each."""
    found = [cgroup_files.pids_in(str(group)) for group in groups_of(home)]
    alone = {one for one, *others in filter(None, found) if not others}
    return alone if len(alone) == groups else None

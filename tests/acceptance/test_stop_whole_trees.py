"""`pmdaemon stop`, told the truth by programs that do not want to end."""

import os
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.cli import a_home
from tests.support.control_groups import no_groups
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

PRELUDE = """
import os, signal, sys, time

def note(name):
    with open(sys.argv[1], "a") as file:
        file.write(f"{name} {os.getpid()}\\n")

def deaf():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

def stay(name):
    note(name)
    time.sleep(1000)
    os._exit(0)

def bare(name):
    # The environment goes with the exec.
    deaf()
    code = "import os, sys, time; note = open(sys.argv[1], 'a'); "
    code += "note.write(sys.argv[2] + f' {os.getpid()}\\\\n'); note.close(); time.sleep(1000)"
    argv = [sys.executable, "-S", "-c", code, sys.argv[1], name]
    os.execve(sys.executable, argv, {})
"""

DEAF_GRANDCHILD = """
if os.fork() == 0:
    if os.fork() == 0:
        deaf()
        stay("grandchild")
    stay("child")
stay("leader")
"""

OWN_SESSION = """
if os.fork() == 0:
    os.setsid()
    deaf()
    stay("child")
stay("leader")
"""

DOUBLE_FORK = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        deaf()
        stay("daemon")
    os._exit(0)
os.wait()
stay("leader")
"""

NAMELESS_DOUBLE_FORK = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        bare("daemon")
    os._exit(0)
os.wait()
stay("leader")
"""

NAMELESS_CHILD = """
if os.fork() == 0:
    os.setsid()
    bare("child")
stay("leader")
"""

LEAVES_ONE_EACH_TIME = """
again = os.path.getsize(sys.argv[1]) > 0
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        deaf()
        stay("daemon")
    os._exit(0)
os.wait()
if again:
    stay("last")
while os.path.getsize(sys.argv[1]) == 0:
    time.sleep(0.01)
os._exit(1)
"""


class Tree:
    """A program of several processes, each of which says that it has begun."""

    def __init__(self, folder: Path, pmdaemon, name: str = "app") -> None:
        self.notes = folder / f"{name}.notes"
        self.notes.touch()
        self._script = folder / f"{name}.py"
        self._pmdaemon = pmdaemon
        self._name = name

    def start(self, program: str, *, wait_for: int) -> None:
        self._script.write_text(PRELUDE + program)
        command = f"{sys.executable} {self._script} {self.notes}"
        self._pmdaemon.run("start", command, "--name", self._name, "--kill-timeout", "300ms")
        eventually_sync(lambda: len(self.pids()) >= wait_for)

    def pids(self) -> dict[int, str]:
        lines = [line.split() for line in self.notes.read_text().splitlines()]
        return {int(pid): name for name, pid in lines}

    def alive(self) -> dict[int, str]:
        return {pid: name for pid, name in self.pids().items() if is_alive(pid)}


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@contextmanager
def a_tree(tmp_path, pmdaemon):
    tree = Tree(tmp_path, pmdaemon)
    try:
        yield tree
    finally:
        for pid in tree.alive():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def tree(tmp_path, pmdaemon):
    with a_tree(tmp_path, pmdaemon) as tree:
        yield tree


@pytest.mark.parametrize(
    ("program", "processes"),
    [
        pytest.param(DEAF_GRANDCHILD, 3, id="a deaf grandchild"),
        pytest.param(OWN_SESSION, 2, id="a session of its own"),
        pytest.param(DOUBLE_FORK, 2, id="a double fork"),
        pytest.param(NAMELESS_DOUBLE_FORK, 2, id="a double fork without an environment"),
        pytest.param(NAMELESS_CHILD, 2, id="a child without an environment"),
    ],
)
def test_nothing_is_left_when_stop_returns(pmdaemon, tree, program, processes):
    tree.start(program, wait_for=processes)
    before = tree.alive()

    pmdaemon.run("stop", "app")

    assert len(before) == processes
    assert tree.alive() == {}


def test_a_child_that_lost_its_parent_by_the_stop_is_found_beside_older_programs(pmdaemon, tree):
    pmdaemon.run("start", "sleep 1000", "--name", "older")
    tree.start(NAMELESS_CHILD, wait_for=2)

    pmdaemon.run("stop", "app")

    assert tree.alive() == {}
    assert process(pmdaemon, "older")["state"] == "online"


@pytest.mark.own_home
def test_without_groups_what_nobody_can_name_ends_with_the_last_that_may_have_begun_it(tmp_path):
    with no_groups() as prefix, a_home(tmp_path, prefix=prefix) as pmdaemon:
        pmdaemon.run("start", "sleep 1000", "--name", "older")
        with a_tree(tmp_path, pmdaemon) as tree:
            tree.start(NAMELESS_DOUBLE_FORK, wait_for=2)

            pmdaemon.run("stop", "app")
            between = set(tree.alive().values())
            pmdaemon.run("stop", "older")
            stray = set(tree.alive().values())

    assert between == {"daemon"}
    assert stray == set()


def test_a_program_that_leaves_daemons_behind_has_none_after_it_ended_by_itself(pmdaemon, tree):
    tree.start(LEAVES_ONE_EACH_TIME, wait_for=3)
    eventually_sync(lambda: sorted(tree.alive().values()) == ["daemon", "last"])
    restarts = process(pmdaemon, "app")["restarts"]

    pmdaemon.run("stop", "app")

    assert tree.alive() == {}
    # What was killed of the first run was not the second one.
    assert restarts == 1


def test_what_was_stopped_after_the_daemon_was_replaced_leaves_nothing(pmdaemon, tree):
    tree.start(DOUBLE_FORK, wait_for=2)
    former = pmdaemon.daemon
    os.kill(former, signal.SIGKILL)
    eventually_sync(lambda: pmdaemon.daemon != former)

    pmdaemon.run("stop", "app")

    assert tree.alive() == {}


def test_a_survivor_is_named_and_stop_fails(pmdaemon, tree):
    tree.start("stay('leader')", wait_for=1)
    (pid,) = tree.pids()
    with frozen(pid):
        stopped = pmdaemon.run("stop", "app", status=None)

    assert stopped.status != 0
    assert stopped.err == f"pmdaemon: cannot stop app: survived SIGKILL: pid {pid}\n"
    eventually_sync(lambda: not tree.alive())


class frozen:  # noqa: N801 - reads as a context
    """A process that cannot even be killed: the older freezer holds signals back."""

    FREEZER = Path("/sys/fs/cgroup/freezer")

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._group = self.FREEZER / f"pmdaemon-test-{os.getpid()}"

    def __enter__(self) -> None:
        try:
            self._group.mkdir()
            (self._group / "cgroup.procs").write_text(str(self._pid))
        except OSError as error:
            pytest.skip(f"no freezer of cgroup version 1: {error}")
        (self._group / "freezer.state").write_text("FROZEN")

    def __exit__(self, *_: object) -> None:
        (self._group / "freezer.state").write_text("THAWED")
        eventually_sync(lambda: not (self._group / "cgroup.procs").read_text())
        self._group.rmdir()


def process(pmdaemon, name):
    views = pmdaemon.run("list", "--json").json
    return next(view for view in views if view["name"] == name)

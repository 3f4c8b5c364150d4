import os
import signal
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from pmdaemon.adapters import cgroup_files, control_groups
from pmdaemon.adapters.control_groups import ControlGroups
from pmdaemon.adapters.own_group import MARK, NotDivisible, OwnGroup
from pmdaemon.adapters.proc_table import ProcReader
from tests.support.control_groups import own_group
from tests.support.waiting import eventually


@pytest.fixture
def below():
    """The folder in which groups are made."""
    return Path(own_group().folder)


@pytest.fixture
def home(below):
    """The id of a home of which no group is left."""
    home = f"test-{uuid4().hex}"
    yield home
    for group in below.glob(f"{MARK}{home}.*"):
        cgroup_files.remove(os.fspath(group))


@pytest.fixture
def groups(home, proc_reader):
    groups = ControlGroups(home, proc_reader)
    yield groups
    groups.close()


@pytest.fixture
def begin(proc_reader):
    """Have programs started, and ended at the end."""
    begun = []

    def started():
        begun.append(subprocess.Popen(["sleep", "1000"]))
        return proc_reader.entry(begun[-1].pid).identity

    yield started
    for program in begun:
        program.kill()
        program.wait()


def end(identity):
    os.kill(identity.pid, signal.SIGKILL)
    os.waitpid(identity.pid, 0)


async def test_each_run_gets_a_group_with_its_token_for_a_name(groups, home, below, begin):
    groups.open()
    one, other = begin(), begin()
    groups.hold(one, f"{home}.0.1")
    groups.hold(other, f"{home}.1~2.7")

    await eventually(lambda: groups.pids(f"{home}.0.1") and groups.pids(f"{home}.1~2.7"))

    assert groups.pids(f"{home}.0.1") == [one.pid]
    assert groups.pids(f"{home}.1~2.7") == [other.pid]
    assert (below / f"{MARK}{home}.1~2.7").is_dir()
    assert groups.has(one.pid)
    assert groups.run_around(one.pid) == one
    assert not groups.has(os.getpid())
    assert groups.run_around(os.getpid()) is None


async def test_a_group_is_removed_when_its_run_is_over_with_those_before_it(
    groups, home, below, begin
):
    groups.open()
    runs = [begin() for _ in range(3)]
    for launch, run in enumerate(runs):
        groups.hold(run, f"{home}.0.{launch}")
    await eventually(lambda: len(groups.pids(f"{home}.0.2")) == 3)
    for run in runs[:2]:
        end(run)

    groups.release(f"{home}.0.1")

    await eventually(lambda: len([*below.glob(f"{MARK}{home}.*")]) == 1)
    assert groups.pids(f"{home}.0.2") == [runs[2].pid]


async def test_the_next_daemon_finds_the_groups_and_removes_those_of_the_dead(
    groups, home, below, proc_reader, begin
):
    groups.open()
    living, dead = begin(), begin()
    groups.hold(living, f"{home}.0.1")
    groups.hold(dead, f"{home}.1.1")
    await eventually(lambda: groups.pids(f"{home}.0.1") and groups.pids(f"{home}.1.1"))
    end(dead)

    following = ControlGroups(home, proc_reader)
    following.open()

    assert following.pids(f"{home}.0.1") == [living.pid]
    assert [group.name for group in below.glob(f"{MARK}{home}.*")] == [f"{MARK}{home}.0.1"]
    following.close()


async def test_a_group_is_found_by_its_run_where_ours_is_not_to_be_divided(
    groups, home, proc_reader, begin, monkeypatch
):
    groups.open()
    run, token = begin(), f"{home}.0.1"
    groups.hold(run, token)
    await eventually(lambda: groups.pids(token))

    def elsewhere(*_):
        raise NotDivisible("it is another's")

    monkeypatch.setattr(control_groups, "find_divisible", elsewhere)
    following = ControlGroups(home, proc_reader)
    following.open([(run, token), (begin(), f"{home}.1.1")])
    found = following.pids(token)
    end(run)
    following.release(token)

    assert found == [run.pid]
    assert following.pids(f"{home}.1.1") == []
    assert not following.has(run.pid)


async def test_where_our_group_is_not_to_be_divided_no_run_gets_one(
    home, proc_reader, begin, monkeypatch
):
    def refuse(*_):
        raise NotDivisible("it is another's")

    monkeypatch.setattr(control_groups, "find_divisible", refuse)
    groups = ControlGroups(home, proc_reader)
    groups.open()

    groups.hold(begin(), f"{home}.0.1")
    groups.release(f"{home}.0.1")

    assert groups.pids(f"{home}.0.1") == []
    groups.kill(f"{home}.0.1")
    groups.close()


@pytest.mark.parametrize("token", ["another.0.1", "{home}.a/b.1"])
async def test_what_is_not_of_this_home_or_cannot_be_a_name_gets_none(groups, home, begin, token):
    groups.open()
    token = token.format(home=home)

    groups.hold(begin(), token)

    assert groups.pids(token) == []
    assert groups.whose(ProcReader().entry(os.getpid())) is None


async def test_a_group_that_we_are_in_ourselves_is_not_killed(groups, home, begin):
    groups.open()
    run, token = begin(), f"{home}.0.1"
    groups.hold(run, token)
    await eventually(lambda: groups.pids(token))
    us = cgroup_files.group_of("self")
    (folder,) = groups._folders_of(token).values()
    cgroup_files.put_in(folder, os.getpid())
    try:
        groups.kill(token)
        groups.kill(token)
        assert set(groups.pids(token)) == {run.pid, os.getpid()}
    finally:
        cgroup_files.put_in(own_group().folder, os.getpid())
    assert cgroup_files.group_of("self") == us


async def test_we_leave_the_group_of_a_run_that_has_started_us(groups, home, begin, below):
    inside = below / f"{MARK}{home}.0.1"
    inside.mkdir()
    cgroup_files.put_in(os.fspath(inside), os.getpid())
    try:
        groups.open()
    finally:
        left = cgroup_files.pids_in(os.fspath(inside))
        cgroup_files.put_in(os.fspath(below), os.getpid())

    assert left == []


async def test_where_we_are_in_the_group_of_a_run_for_good_it_is_not_taken_for_the_run(
    home, proc_reader, begin, below, monkeypatch
):
    inside, token = below / f"{MARK}{home}.0.1", f"{home}.0.1"
    inside.mkdir()
    run = begin()

    def refuse(*_):
        raise NotDivisible("it has bounds")

    monkeypatch.setattr(control_groups, "find_divisible", refuse)
    groups = ControlGroups(home, proc_reader)
    for pid in (run.pid, os.getpid()):
        cgroup_files.put_in(os.fspath(inside), pid)
    try:
        groups.open([(run, token)])
    finally:
        cgroup_files.put_in(os.fspath(below), os.getpid())
        end(run)

    assert groups.pids(token) == []


async def test_where_we_cannot_leave_such_a_group_none_is_used(
    home, proc_reader, begin, monkeypatch, caplog
):
    own = OwnGroup("/", "/nowhere", holds_us=False)
    monkeypatch.setattr(control_groups, "find_divisible", lambda *_: own)
    caplog.set_level("INFO")
    groups = ControlGroups(home, proc_reader)

    groups.open()

    assert caplog.messages == [
        "groups.not_used reason=cannot get into /: no such file or directory"
    ]

import os
import signal
import subprocess
import sys

import pytest

from pmdaemon.adapters import cgroup_files
from pmdaemon.adapters.group_entry import Doorway, Entry, Held, pass_through
from pmdaemon.core.process import Identity
from tests.support.control_groups import a_group

FAMILY = """
import os, threading, time
def begin():
    if os.fork() == 0:
        if os.fork() == 0:
            print("born", flush=True)
        time.sleep(1000)
    time.sleep(1000)
threading.Thread(target=begin).start()
time.sleep(1000)
"""
"""A program of which another thread than the first has begun a child, which has one itself."""


@pytest.fixture
def outside():
    """The group that everybody is in at first."""
    with a_group() as folder:
        yield folder


@pytest.fixture
def begin(outside):
    """Have programs started outside; they are gone with the group."""
    begun = []

    def started(*argv):
        program = subprocess.Popen(argv, stdout=subprocess.PIPE)
        begun.append(program)
        cgroup_files.put_in(outside, program.pid)
        return program

    yield started
    for program in begun:
        for pid in reversed(all_of(program.pid)):
            os.kill(pid, signal.SIGKILL)
        program.communicate()


def a_doorway(outside, proc_reader, *, keeper=None):
    return Doorway(cgroup_files.group_of(member(outside)), proc_reader, keeper)


def member(folder):
    return cgroup_files.pids_in(folder)[0]


def held(outside, identity):
    return Held(identity, "home.0.1", f"{outside}/pmdaemon.run-home.0.1")


def test_a_program_is_let_in_with_all_it_has_begun(outside, proc_reader, begin):
    begun = begin(sys.executable, "-c", FAMILY)
    assert begun.stdout.readline() == b"born\n"
    family = all_of(begun.pid)
    for pid in family:
        cgroup_files.put_in(outside, pid)
    run = held(outside, proc_reader.entry(begun.pid).identity)

    a_doorway(outside, proc_reader).let_in(Entry(run, run.identity))

    assert len(family) == 3
    assert set(cgroup_files.pids_in(run.folder)) == set(family)


def all_of(pid):
    """List a process and all below it, whichever thread began them."""
    found = [pid]
    for one in found:
        for thread in os.listdir(f"/proc/{one}/task"):
            found += map(int, cgroup_files.content(f"/proc/{one}/task/{thread}/children").split())
    return found


def test_what_has_a_group_by_other_means_is_left_there(outside, proc_reader, begin):
    program, container = begin("sleep", "1000"), begin("sleep", "1000")
    elsewhere = f"{outside}/elsewhere"
    cgroup_files.make(elsewhere)
    cgroup_files.put_in(elsewhere, container.pid)
    run = held(outside, proc_reader.entry(program.pid).identity)
    doorway = a_doorway(outside, proc_reader)

    doorway.let_in(Entry(run, run.identity))
    doorway.let_in(Entry(run, proc_reader.entry(container.pid).identity))

    assert cgroup_files.pids_in(run.folder) == [program.pid]
    assert cgroup_files.pids_in(elsewhere) == [container.pid]


def test_another_process_of_that_pid_is_not_let_in(outside, proc_reader, begin):
    program = begin("sleep", "1000")
    run = held(outside, Identity(program.pid, start_time=1))

    a_doorway(outside, proc_reader).let_in(Entry(run, run.identity))

    assert not os.path.exists(run.folder)


def test_we_ourselves_are_not_let_in_with_a_program_that_has_begun_us(outside, proc_reader):
    ours = cgroup_files.group_of("self")
    run = held(outside, proc_reader.entry(os.getpid()).identity)

    Doorway(ours, proc_reader, None).let_in(Entry(run, run.identity))

    assert cgroup_files.group_of("self") == ours
    assert not os.path.exists(run.folder)


def test_strangers_are_children_of_the_keeper_that_are_outside_of_all_groups(
    outside, proc_reader, begin
):
    program, orphan, known = (begin("sleep", "1000") for _ in range(3))
    run = held(outside, proc_reader.entry(program.pid).identity)
    doorway = a_doorway(outside, proc_reader, keeper=os.getpid())
    doorway.let_in(Entry(run, run.identity))

    found = doorway.strangers({known.pid})

    assert [stranger.process.pid for stranger in found] == [orphan.pid]


def test_without_a_keeper_nobody_is_taken_for_a_stranger(outside, proc_reader, begin):
    begin("sleep", "1000")

    assert a_doorway(outside, proc_reader).strangers(set()) == []


def test_one_that_cannot_be_let_in_keeps_nobody_else_out(outside, proc_reader, begin):
    one, other = begin("sleep", "1000"), begin("sleep", "1000")
    nowhere = Held(
        proc_reader.entry(one.pid).identity, "home.0.1", "/nowhere/pmdaemon.run-home.0.1"
    )
    somewhere = held(outside, proc_reader.entry(other.pid).identity)
    entries = [Entry(run, run.identity) for run in (nowhere, somewhere)]

    passed = pass_through(a_doorway(outside, proc_reader), entries, [], set())

    assert isinstance(passed.failure, FileNotFoundError)
    assert cgroup_files.pids_in(somewhere.folder) == [other.pid]


def test_groups_that_are_over_are_removed_and_those_with_somebody_are_not(
    outside, proc_reader, begin
):
    program = begin("sleep", "1000")
    run = held(outside, proc_reader.entry(program.pid).identity)
    doorway = a_doorway(outside, proc_reader)
    doorway.let_in(Entry(run, run.identity))
    over = f"{outside}/over"
    cgroup_files.make(over)

    passed = pass_through(doorway, [], [over, run.folder], set())

    assert passed.removed == [over]
    assert not os.path.exists(over)

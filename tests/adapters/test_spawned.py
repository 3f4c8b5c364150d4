import os
import subprocess

import pytest

from pmdaemon.adapters import spawned
from pmdaemon.adapters.platforms import process_reader
from pmdaemon.adapters.spawned import Children, identify, ticks_since_boot
from pmdaemon.core.process import Identity
from tests.adapters.test_process_table import an_entry
from tests.fakes.process_reader import FakeProcessReader


@pytest.fixture
def child():
    started = subprocess.Popen(["sleep", "600"], start_new_session=True)
    yield started.pid
    started.kill()
    started.wait()


@pytest.fixture
def clock(monkeypatch):
    """Let tests say how many ticks there were when a child had been started."""
    ticks = [1000]
    monkeypatch.setattr(spawned, "ticks_since_boot", lambda: ticks[0])
    return ticks


class Blind:
    def entry(self, pid):
        return None


def test_a_child_is_known_by_pid_and_start_time(child):
    reader = process_reader()

    assert identify(reader, child) == reader.entry(child).identity


def test_a_child_that_is_not_shown_is_ended(child):
    assert identify(Blind(), child) is None
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.posix
def test_children_are_who_the_system_says(proc_reader):
    told = Children(proc_reader)
    children = []

    for _ in range(20):
        before = ticks_since_boot()
        pid = os.posix_spawn("/bin/true", ["true"], {})
        children.append((told.identify(pid, before), proc_reader.entry(pid).identity))
        os.waitpid(pid, 0)

    assert all(identity == of_system for identity, of_system in children)


def test_one_that_was_started_within_a_tick_is_not_looked_up_once_the_clock_is_known(clock):
    told = Children(FakeProcessReader(an_entry(7, start=1000)))

    assert told.identify(7, 1000) == Identity(7, 1000)
    assert told.identify(8, 1000) == Identity(8, 1000)


def test_one_is_looked_up_when_a_tick_has_passed_meanwhile(clock):
    told = Children(FakeProcessReader(an_entry(7, start=1000), an_entry(8, start=1001)))
    told.identify(7, 1000)
    clock[0] = 1001

    assert told.identify(8, 1000) == Identity(8, 1001)


def test_that_a_tick_has_passed_says_nothing_about_the_clock(clock):
    told = Children(FakeProcessReader(an_entry(7, start=999), an_entry(8, start=1000)))

    assert told.identify(7, 999) == Identity(7, 999)
    assert told.identify(8, 1000) == Identity(8, 1000)
    assert told.identify(9, 1000) == Identity(9, 1000)


@pytest.mark.parametrize("ticks", [1000, 0])
def test_all_are_looked_up_where_the_clock_is_another_or_there_is_none(clock, ticks):
    clock[0] = ticks
    told = Children(FakeProcessReader(an_entry(7, start=55), an_entry(8, start=56)))

    assert told.identify(7, ticks) == Identity(7, 55)
    assert told.identify(8, ticks) == Identity(8, 56)

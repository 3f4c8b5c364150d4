"""Who a child is that was just started, with and without asking the system."""

import os

import pytest

from pmdaemon.adapters import beginnings
from pmdaemon.adapters.beginnings import Beginnings, ticks_since_boot
from pmdaemon.core.process import Identity
from tests.adapters.test_process_table import an_entry
from tests.fakes.process_reader import FakeProcessReader


@pytest.fixture
def clock(monkeypatch):
    """Let tests say how many ticks there were when a child had been started."""
    ticks = [1000]
    monkeypatch.setattr(beginnings, "ticks_since_boot", lambda: ticks[0])
    return ticks


@pytest.mark.posix
def test_children_are_who_the_system_says(proc_reader):
    told = Beginnings(proc_reader)
    children = []

    for _ in range(20):
        before = ticks_since_boot()
        pid = os.posix_spawn("/bin/true", ["true"], {})
        children.append((told.identity(pid, before), proc_reader.entry(pid).identity))
        os.waitpid(pid, 0)

    assert all(identity == of_system for identity, of_system in children)


def test_one_that_was_started_within_a_tick_is_not_looked_up_once_the_clock_is_known(clock):
    told = Beginnings(FakeProcessReader(an_entry(7, start=1000)))

    assert told.identity(7, 1000) == Identity(7, 1000)
    assert told.identity(8, 1000) == Identity(8, 1000)


def test_one_is_looked_up_when_a_tick_has_passed_meanwhile(clock):
    told = Beginnings(FakeProcessReader(an_entry(7, start=1000), an_entry(8, start=1001)))
    told.identity(7, 1000)
    clock[0] = 1001

    assert told.identity(8, 1000) == Identity(8, 1001)


def test_that_a_tick_has_passed_says_nothing_about_the_clock(clock):
    told = Beginnings(FakeProcessReader(an_entry(7, start=999), an_entry(8, start=1000)))

    assert told.identity(7, 999) == Identity(7, 999)
    assert told.identity(8, 1000) == Identity(8, 1000)
    assert told.identity(9, 1000) == Identity(9, 1000)


@pytest.mark.parametrize("ticks", [1000, 0])
def test_all_are_looked_up_where_the_clock_is_another_or_there_is_none(clock, ticks):
    clock[0] = ticks
    told = Beginnings(FakeProcessReader(an_entry(7, start=55), an_entry(8, start=56)))

    assert told.identity(7, ticks) == Identity(7, 55)
    assert told.identity(8, ticks) == Identity(8, 56)


def test_one_that_is_hidden_is_nobody(clock):
    assert Beginnings(FakeProcessReader()).identity(7, 1000) is None

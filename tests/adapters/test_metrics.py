import os

import pytest

from pmdaemon.adapters.metrics import TreeMetrics
from pmdaemon.adapters.process_table import ProcessEntry, ProcessTable
from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import Identity
from tests.fakes.clock import FakeClock
from tests.fakes.process_reader import FakeProcessReader
from tests.support.system import pidfd_system
from tests.support.waiting import eventually

HZ = os.sysconf("SC_CLK_TCK")
RUN = Identity(10, 100)


class Machine:
    """A machine whose processes use what a test says."""

    def __init__(self):
        self.clock = FakeClock()
        self.reader = FakeProcessReader()
        self.orphans = ()
        self.metrics = TreeMetrics(ProcessTable(self.reader, self.clock), orphans=self.orphans_in)
        self.has(10)

    def has(self, pid, *, ppid=1, own=0.0, reaped=0.0, start=None):
        """Say what a process has used so far, in CPU seconds."""
        start = pid * 10 if start is None else start
        ticks = round(own * HZ), round(reaped * HZ)
        self.reader.entries[pid] = ProcessEntry(pid, ppid, 10, start, *ticks, 1000, False)

    def orphans_in(self, snapshot):
        return {RUN: [snapshot.entries[pid] for pid in self.orphans]}

    def lost(self, pid):
        del self.reader.entries[pid]

    def sample(self, *, after=2.0):
        self.clock.advance(after)
        return self.metrics.sample({0: RUN})[0]


@pytest.fixture
def machine():
    return Machine()


def test_cpu_is_in_percent_of_one_core_since_the_sample_before(machine):
    machine.has(10, own=5.0)
    assert machine.sample() == Sample(cpu=0.0, memory=1000, processes=1)

    machine.has(10, own=6.0)
    assert machine.sample().cpu == 50.0

    assert machine.sample().cpu == 0.0


def test_several_cores_make_more_than_a_hundred_percent(machine):
    machine.has(11, ppid=10)
    machine.sample()

    machine.has(10, own=2.0)
    machine.has(11, ppid=10, own=1.0)

    assert machine.sample() == Sample(cpu=150.0, memory=2000, processes=2)


def test_a_child_that_came_counts_whole(machine):
    machine.sample()

    machine.has(11, ppid=10, own=1.0)

    assert machine.sample().cpu == 50.0


def test_a_process_that_joined_the_tree_counts_from_then_on(machine):
    machine.reader.entries[11] = ProcessEntry(11, 1, 99, 110, 500 * HZ, 0, 1000, False)
    machine.sample()

    machine.has(11, own=501.0)

    assert machine.sample().cpu == 50.0


def test_an_orphan_in_a_session_of_its_own_counts_with_what_it_has_begun(machine):
    machine.reader.entries[50] = ProcessEntry(50, 1, 50, 500, 7 * HZ, 0, 1000, False)
    machine.reader.entries[51] = ProcessEntry(51, 50, 50, 510, 0, 0, 1000, False)
    machine.orphans = (50,)
    machine.sample()

    machine.reader.entries[50] = ProcessEntry(50, 1, 50, 500, 8 * HZ, 0, 1000, False)

    assert machine.sample() == Sample(cpu=50.0, memory=3000, processes=3)


def test_a_child_that_went_and_was_waited_for_counts_to_its_end(machine):
    machine.has(11, ppid=10, own=100.0)
    machine.sample()

    machine.lost(11)
    machine.has(10, reaped=101.0)

    assert machine.sample().cpu == 50.0


def test_a_child_that_came_and_went_between_two_samples_counts(machine):
    machine.sample()

    machine.has(10, reaped=1.0)

    assert machine.sample().cpu == 50.0


def test_a_grandchild_that_went_along_with_its_parent_counts_once(machine):
    machine.has(11, ppid=10, own=10.0)
    machine.has(12, ppid=11, own=20.0)
    machine.sample()

    machine.lost(11)
    machine.lost(12)
    machine.has(10, reaped=31.0)

    assert machine.sample().cpu == 50.0


def test_a_child_that_nobody_waited_for_makes_nothing_negative(machine):
    machine.has(11, ppid=10, own=100.0)
    machine.sample()

    machine.lost(11)
    machine.has(10, own=1.0, reaped=0.1)  # of another, that came and went

    assert machine.sample().cpu == 50.0


def test_a_pid_used_again_is_another_process(machine):
    machine.has(11, ppid=10, own=100.0)
    machine.sample()

    machine.has(10, reaped=100.0)
    machine.has(11, ppid=10, own=1.0, start=9999)

    assert machine.sample().cpu == 50.0


def test_a_run_that_is_new_has_no_cpu_even_with_the_pid_of_an_old_one(machine):
    machine.metrics.sample({0: RUN})
    machine.has(10, own=3.0, start=7777)
    machine.clock.advance(2)

    samples = machine.metrics.sample({0: Identity(10, 7777)})

    assert samples[0] == Sample(cpu=0.0, memory=1000, processes=1)


def test_samples_in_quick_succession_repeat_the_cpu_and_not_the_memory(machine):
    machine.sample()
    machine.has(10, own=1.0)
    assert machine.sample().cpu == 50.0

    machine.has(11, ppid=10, own=0.01)

    assert machine.sample(after=0.001) == Sample(cpu=50.0, memory=2000, processes=2)
    machine.has(10, own=2.0)
    machine.has(11, ppid=10, own=0.0)
    assert machine.sample(after=1.999).cpu == 50.0


def test_nothing_is_remembered_of_runs_that_are_not_asked_for(machine):
    machine.sample()
    machine.sample()

    machine.metrics.sample({})

    assert machine.metrics._latest == {}


@pytest.mark.posix
async def test_a_busy_program_is_seen_to_be_busy(tmp_path):
    async with pidfd_system(tmp_path) as system:
        identity = system.launch("sh -c 'while :; do :; done' & wait")
        await eventually(lambda: len(system.members(identity)) == 2)
        system.metrics.sample({0: identity})

        sample = await eventually(
            lambda: (s := system.metrics.sample({0: identity})[0]).cpu > 1 and s
        )

        assert sample.processes == 2

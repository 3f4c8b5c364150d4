import asyncio

from pmdaemon.adapters.process_table import ProcessEntry, ProcessTable, Snapshot
from pmdaemon.core.process import Identity
from tests.fakes.clock import FakeClock
from tests.fakes.process_reader import FakeProcessReader


def an_entry(pid, *, ppid=1, session=None, start=None, ended=False):
    start = pid * 10 if start is None else start
    session = pid if session is None else session
    return ProcessEntry(pid, ppid, session, start, 0, 0, 4096, ended)


def a_snapshot(*entries):
    return Snapshot({entry.pid: entry for entry in entries}, taken=0.0)


def pids(entries):
    return [entry.pid for entry in entries]


def test_a_session_is_what_its_leader_began():
    snapshot = a_snapshot(an_entry(10), an_entry(11, session=10), an_entry(12))

    session = snapshot.session_of(Identity(10, 100))

    assert pids(session) == [10, 11]


def test_a_session_outlives_its_leader():
    snapshot = a_snapshot(an_entry(11, session=10))

    session = snapshot.session_of(Identity(10, 100))

    assert pids(session) == [11]


def test_where_another_has_the_leaders_pid_nothing_of_the_session_is_left():
    snapshot = a_snapshot(an_entry(10, start=5000), an_entry(11, session=10, start=5001))

    session = snapshot.session_of(Identity(10, 100))

    assert pids(session) == []


def test_what_began_before_the_leader_is_not_of_its_session():
    snapshot = a_snapshot(an_entry(11, session=10, start=99))

    session = snapshot.session_of(Identity(10, 100))

    assert pids(session) == []


def test_zombies_are_neither_in_a_session_nor_descendants():
    snapshot = a_snapshot(
        an_entry(10), an_entry(11, session=10, ended=True), an_entry(12, ppid=10, ended=True)
    )

    tree = snapshot.with_descendants(snapshot.session_of(Identity(10, 100)))

    assert pids(tree) == [10]


def test_descendants_come_after_their_parents_whatever_their_pids_and_sessions():
    snapshot = a_snapshot(
        an_entry(10),
        an_entry(9, ppid=30, session=10),
        an_entry(30, ppid=10),
        an_entry(5, ppid=9),
        an_entry(6, ppid=99),
    )

    tree = snapshot.with_descendants(snapshot.session_of(Identity(10, 100)))

    assert pids(tree) == [10, 30, 9, 5]


def test_what_is_left_out_takes_all_below_it_along():
    snapshot = a_snapshot(an_entry(10), an_entry(11, ppid=10), an_entry(12, ppid=11))

    tree = snapshot.with_descendants([snapshot.entries[10]], without=frozenset({11}))

    assert pids(tree) == [10]


async def test_within_an_iteration_of_the_event_loop_all_share_one_pass():
    reader = FakeProcessReader(an_entry(10))
    table = ProcessTable(reader, FakeClock())

    first, second = table.snapshot(), table.snapshot()

    assert first is second
    assert reader.passes == 1


async def test_the_next_iteration_makes_its_own_pass():
    reader = FakeProcessReader(an_entry(10))
    table = ProcessTable(reader, FakeClock())
    first = table.snapshot()
    await asyncio.sleep(0)

    second = table.snapshot()

    assert first is not second
    assert reader.passes == 2


async def test_a_fresh_pass_is_shared_from_then_on():
    table = ProcessTable(FakeProcessReader(), FakeClock())
    stale = table.snapshot()

    fresh = table.fresh()

    assert fresh is not stale
    assert table.snapshot() is fresh


def test_outside_of_an_event_loop_every_pass_is_new():
    reader = FakeProcessReader()
    table = ProcessTable(reader, FakeClock())

    table.snapshot()
    table.snapshot()

    assert reader.passes == 2


def test_a_pass_knows_its_time():
    clock = FakeClock(monotonic=50.0)
    table = ProcessTable(FakeProcessReader(), clock)
    clock.advance(2)

    snapshot = table.snapshot()

    assert snapshot.taken == 52.0

import asyncio
import os
import sys

import pytest

from pmdaemon.adapters import process_trees
from pmdaemon.adapters.control_groups import ControlGroups
from pmdaemon.adapters.pidfd import PidfdHandles
from pmdaemon.adapters.process_table import ProcessTable, Snapshot
from pmdaemon.adapters.process_trees import SystemProcessTrees
from pmdaemon.core.process import Exit, Identity
from tests.adapters.test_process_table import an_entry
from tests.fakes.clock import FakeClock
from tests.fakes.process_reader import FakeProcessReader
from tests.support.system import REAL_SYSTEMS, Program, grouped_system
from tests.support.waiting import eventually

RUN = Identity(10, 100)


def trees_over(reader, *, reapers=(1,)):
    table = ProcessTable(reader, FakeClock())
    return SystemProcessTrees(reader, table, PidfdHandles(reader), reapers=reapers)


def member_pids(trees, token="token"):
    return [member.pid for member in trees.members(RUN, token)]


def test_an_orphan_with_the_token_is_a_member_with_all_below_it():
    reader = FakeProcessReader(an_entry(10), an_entry(50), an_entry(51, ppid=50))
    reader.tokens = {50: "token"}

    members = member_pids(trees_over(reader))

    assert set(members) == {10, 50, 51}
    assert members.index(51) < members.index(50)


def test_an_orphan_with_a_longer_token_is_not_a_member():
    reader = FakeProcessReader(an_entry(10), an_entry(50))
    reader.tokens = {50: "token-2"}

    assert member_pids(trees_over(reader)) == [10]


def test_an_orphan_of_an_unknown_reaper_is_found_once_the_reaper_is_known():
    reader = FakeProcessReader(an_entry(10), an_entry(20), an_entry(50, ppid=20))
    reader.tokens = {50: "token"}

    assert member_pids(trees_over(reader)) == [10]
    assert set(member_pids(trees_over(reader, reapers={1, 20}))) == {10, 50}


def test_what_a_former_run_of_the_process_left_behind_is_a_member():
    reader = FakeProcessReader(an_entry(10), an_entry(50, start=99), an_entry(60))
    reader.tokens = {50: "home.0.3", 60: "home.1.3"}

    assert set(member_pids(trees_over(reader), "home.0.4")) == {10, 50}


def test_the_next_run_of_the_process_is_not_a_member_of_this_one():
    reader = FakeProcessReader(an_entry(10), an_entry(50))
    reader.tokens = {50: "home.0.5"}

    assert member_pids(trees_over(reader), "home.0.4") == [10]


KEEPER = 5


class FakeGroups(ControlGroups):
    """Groups of which it is said who is in them, and whose orphans outside of them are."""

    def __init__(self, *inside, claims=()):
        super().__init__("", FakeProcessReader())
        self.inside = inside
        self.claims = dict(claims)

    def has(self, pid):
        return pid in self.inside

    def whose(self, orphan):
        return self.claims.get(orphan.pid)

    def run_around(self, pid):
        return RUN if pid in self.inside else None


def strays_over(*entries, runs=(), groups=None):
    """Look at the tree of RUN, among entries of which none has a token."""
    reader = FakeProcessReader(an_entry(10, ppid=2), *entries)
    table = ProcessTable(reader, FakeClock())
    handles = PidfdHandles(reader)
    runs = [RUN, *runs]
    return SystemProcessTrees(
        reader, table, handles, keeper=KEEPER, runs=lambda: runs, groups=groups
    )


def test_a_daemon_that_took_over_does_not_look_at_all_runs_for_its_own_sake():
    reader = FakeProcessReader(an_entry(10, ppid=2), an_entry(os.getpid(), ppid=KEEPER, start=999))
    table = ProcessTable(reader, FakeClock())

    def all_runs():
        pytest.fail("that takes its time, for each member of each tree")

    trees = SystemProcessTrees(reader, table, PidfdHandles(reader), keeper=KEEPER, runs=all_runs)

    assert member_pids(trees) == [10]


def test_an_orphan_without_a_name_is_a_member_where_nobody_else_can_have_begun_it():
    trees = strays_over(
        an_entry(50, ppid=KEEPER), an_entry(51, ppid=50), runs=[Identity(90, start_time=900)]
    )

    assert set(member_pids(trees)) == {10, 50, 51}


def test_an_orphan_without_a_name_that_another_may_have_begun_is_left_alone():
    trees = strays_over(an_entry(50, ppid=KEEPER), runs=[Identity(4, start_time=40)])

    assert member_pids(trees) == [10]


def test_an_orphan_in_the_group_of_another_run_is_that_ones():
    trees = strays_over(an_entry(50, ppid=KEEPER), groups=FakeGroups(50))

    assert member_pids(trees) == [10]


def test_an_orphan_that_is_not_in_its_group_yet_is_its_runs_beside_older_ones():
    older = Identity(4, start_time=40)
    groups = FakeGroups(claims={50: RUN, 60: older})
    trees = strays_over(
        an_entry(50, ppid=KEEPER), an_entry(60, ppid=KEEPER), runs=[older], groups=groups
    )

    assert set(member_pids(trees)) == {10, 50}


def test_an_orphan_of_another_that_is_not_in_its_group_yet_is_left_alone():
    younger = Identity(9000, start_time=90_000)
    groups = FakeGroups(claims={50: younger})
    trees = strays_over(an_entry(50, ppid=KEEPER), runs=[younger], groups=groups)

    assert member_pids(trees) == [10]


def test_orphans_that_are_held_with_a_run_are_listed_by_it():
    adopted, loose = Identity(4, start_time=40), an_entry(60, ppid=KEEPER)
    held = an_entry(50, ppid=KEEPER)
    entries = [an_entry(4, ppid=KEEPER), an_entry(os.getpid(), ppid=KEEPER), held, loose]
    trees = strays_over(*entries, runs=[adopted], groups=FakeGroups(4, 50))

    assert trees.held_orphans(Snapshot({one.pid: one for one in entries}, 0)) == {RUN: [held]}


def test_where_we_are_the_only_child_of_the_keeper_no_run_is_looked_at():
    ours = an_entry(os.getpid(), ppid=KEEPER)

    def all_runs():
        pytest.fail("that takes its time, every two seconds")

    reader = FakeProcessReader(ours)
    table, handles = ProcessTable(reader, FakeClock()), PidfdHandles(reader)
    trees = SystemProcessTrees(reader, table, handles, keeper=KEEPER, runs=all_runs)

    assert trees.held_orphans(Snapshot({ours.pid: ours}, 0)) == {}


def test_orphans_of_others_than_our_keeper_need_a_name():
    assert member_pids(strays_over(an_entry(50, ppid=1))) == [10]


def test_an_orphan_that_began_before_the_run_is_not_counted_to_it():
    assert member_pids(strays_over(an_entry(50, ppid=KEEPER, start=99))) == [10]


def test_a_program_that_wrote_over_its_environment_is_not_taken_for_a_stray():
    # Both were adopted from a daemon that died, so they are children of the keeper.
    other = Identity(50, start_time=500)
    trees = strays_over(
        an_entry(50, ppid=KEEPER, session=50), an_entry(51, ppid=KEEPER, session=50), runs=[other]
    )

    assert member_pids(trees) == [10]


async def test_what_was_seen_in_the_tree_stays_in_it_until_it_ends():
    reader = FakeProcessReader(an_entry(10), an_entry(50, ppid=10, session=50))
    trees = trees_over(reader)
    assert set(member_pids(trees)) == {10, 50}
    await asyncio.sleep(0)

    del reader.entries[10]
    reader.entries[50] = an_entry(50, ppid=1, session=50)
    orphaned = member_pids(trees)
    await asyncio.sleep(0)
    reader.entries[50] = an_entry(50, ppid=1, session=50, start=501)

    assert orphaned == [50]
    assert member_pids(trees) == []


@pytest.mark.parametrize(("orphans", "left"), [([], False), ([50], True), ([os.getpid()], False)])
def test_orphans_are_leftovers_whosever_they_are(orphans, left):
    gone = Identity(2**22 - 1, start_time=1)
    trees = strays_over(*(an_entry(pid, ppid=KEEPER) for pid in orphans))

    assert trees.has_leftovers(gone, "token") is left


def test_a_run_of_a_former_daemon_is_no_leftover():
    gone, adopted = Identity(2**22 - 1, start_time=1), Identity(50, start_time=500)

    trees = strays_over(an_entry(50, ppid=KEEPER), runs=[adopted])

    assert not trees.has_leftovers(gone, "token")


def test_we_and_our_ancestors_are_never_members():
    ours, shell = os.getpid(), os.getpid() + 1
    reader = FakeProcessReader(
        an_entry(10),
        an_entry(shell, session=10),
        an_entry(ours, ppid=shell, session=10),
        an_entry(ours + 2, ppid=ours, session=ours + 2),
    )
    reader.tokens = {ours: "token", shell: "token"}

    assert member_pids(trees_over(reader)) == [10]


def test_without_its_leader_a_session_of_another_token_is_somebody_elses():
    reader = FakeProcessReader(
        an_entry(11, session=10, ppid=5),
        an_entry(12, session=10, ppid=5),
        an_entry(13, session=10, ppid=5),
    )
    reader.tokens = {11: "token", 12: "another"}

    assert set(member_pids(trees_over(reader))) == {11, 13}


def test_with_its_leader_a_session_is_believed_whatever_the_tokens():
    reader = FakeProcessReader(an_entry(10), an_entry(11, session=10, ppid=5))
    reader.tokens = {11: "another"}

    assert set(member_pids(trees_over(reader))) == {10, 11}


async def test_a_program_launched_since_the_shared_pass_is_found():
    reader = FakeProcessReader()
    trees = trees_over(reader)
    assert member_pids(trees) == []

    reader.entries[10] = an_entry(10)

    assert member_pids(trees) == [10]


async def test_many_stops_in_one_iteration_cost_one_pass():
    reader = FakeProcessReader(*(an_entry(pid) for pid in range(10, 60)))
    trees = trees_over(reader)

    for pid in range(10, 60):
        trees.members(Identity(pid, pid * 10), f"token-{pid}")

    assert reader.passes == 1


async def test_a_token_is_read_once_and_its_absence_every_time():
    reader = FakeProcessReader(an_entry(10), an_entry(50), an_entry(60))
    reader.tokens = {50: "token"}
    trees = trees_over(reader)
    assert set(member_pids(trees)) == {10, 50}
    await asyncio.sleep(0)

    reader.tokens = {60: "token"}  # 50 wrote over its environment, 60 got one by exec

    assert set(member_pids(trees)) == {10, 50, 60}


def test_only_living_session_leaders_are_launched_programs():
    reader = FakeProcessReader(
        an_entry(10, ended=True), an_entry(11, session=10), an_entry(12), an_entry(13)
    )
    reader.tokens = dict.fromkeys(reader.entries, "token")

    found = trees_over(reader).find_launched(["token"])

    assert found == {"token": Identity(12, 120)}


class RecordingHandles(PidfdHandles):
    """Remembers which pids were sent a signal, and sends none."""

    def __init__(self):
        super().__init__(FakeProcessReader())
        self.sent = []

    def send_signal(self, identity, number):
        self.sent.append((identity.pid, number))


def test_sigkill_takes_parents_first_so_that_they_start_no_more_children():
    reader, handles = FakeProcessReader(), RecordingHandles()
    trees = SystemProcessTrees(reader, ProcessTable(reader, FakeClock()), handles)
    child_and_parent = [Identity(11, 110), Identity(10, 100)]

    trees.signal(child_and_parent, "SIGTERM")
    trees.signal(child_and_parent, "SIGKILL")

    assert handles.sent == [(11, 15), (10, 15), (10, 9), (11, 9)]


@pytest.fixture(params=REAL_SYSTEMS)
async def system(request, tmp_path):
    async with request.param(tmp_path) as system:
        yield system


async def test_a_daemon_that_left_session_and_parent_behind_is_ended_with_its_program(system):
    # A double fork as daemons do it; the one in the middle is gone when the pid is written.
    identity = system.launch("(setsid sh -c 'sleep 1000 & echo $$; wait' &); wait; exec sleep 1000")
    daemon_pid = int(await eventually(system.read_output))
    await eventually(lambda: len(system.members(identity)) == 3)
    members = system.members(identity)

    system.trees.signal(members, "SIGKILL")

    assert daemon_pid in {member.pid for member in members}
    await eventually(lambda: not any(system.trees.alive(member) for member in members))


async def test_a_child_in_a_session_of_its_own_is_a_member_by_descent(system):
    # Without the token, so that nothing but its parent tells of it.
    identity = system.launch("env -i setsid sleep 1000 & wait")

    child = await eventually(lambda: len(m := system.members(identity)) == 2 and m[0])
    await eventually(lambda: os.getsid(child.pid) == child.pid)

    members = system.members(identity)

    assert members == [child, identity]


async def test_a_grandchild_that_ignores_signals_is_left_and_then_killed(system):
    identity = system.launch("(trap '' TERM INT; while :; do sleep 1000; done) & wait")
    await eventually(lambda: len(system.members(identity)) == 3)

    system.trees.signal(system.members(identity), "SIGTERM")
    await eventually(lambda: identity not in system.members(identity))
    left = system.members(identity)

    assert len(left) == 2
    system.trees.signal(left, "SIGKILL")
    await eventually(lambda: not system.members(identity))


async def test_a_zombie_is_neither_a_member_nor_waited_for(system):
    # The program never waits for its child, which ends at once.
    identity = system.launch("sleep 0 & exec sleep 1000")
    await eventually(lambda: len(zombies_of(identity.pid)) == 1)
    (zombie,) = zombies_of(identity.pid)
    told: list[str] = []

    members = system.members(identity)
    system.trees.when_gone([zombie_identity(system, zombie)], lambda: told.append("gone"))

    assert members == [identity]
    await eventually(lambda: told)


async def test_a_program_that_left_only_another_group_behind_still_has_members(system):
    # A group of its own, in the same session: what a shell with job control makes.
    identity = system.launch("set -m; sleep 1000 & exit 0")
    ends: list[Exit] = []
    system.launcher.watch(identity, lambda _, how: ends.append(how))
    await eventually(lambda: ends)

    assert len(system.members(identity)) == 1


@pytest.fixture
async def grouped(tmp_path):
    async with grouped_system(tmp_path) as system:
        yield system


NAMELESS = "(env -i setsid sh -c 'sleep 1000 & echo $!' &); exec sleep 1000"
"""Leaves a process behind that has lost its session, its parent and its environment."""

COMET = """
import os, sys, time
open(sys.argv[1]).read()
if os.fork() == 0:
    os.setsid()
    print("off", flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if os.fork():
            os._exit(0)
time.sleep(1000)
"""
"""Leaves a session behind of which each process ends as soon as it has begun another."""


async def test_what_has_lost_all_marks_is_a_member_by_its_group(grouped, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    identity = grouped.launch(f"read word < {gate}; {NAMELESS}")
    await grouped.held(identity)
    gate.write_text("go\n")

    stray = int(await eventually(grouped.read_output))

    # The shells between the two end a moment later.
    left = {identity.pid, stray}
    await eventually(lambda: {one.pid for one in grouped.members(identity)} == left)
    assert grouped.trees.has_leftovers(Identity(2**22 - 1, 1), grouped.launched[identity])


async def test_what_is_left_in_the_group_of_an_earlier_run_is_a_member(grouped):
    owner = f"{grouped.home}.9"
    earlier = grouped.launch(Program.STAYS, token=f"{owner}.1")
    later = grouped.launch(Program.STAYS, token=f"{owner}.2")
    await grouped.held(earlier)

    assert set(grouped.members(later)) == {earlier, later}
    assert grouped.members(earlier) == [earlier]


async def test_what_forks_and_ends_for_ever_is_caught_and_killed(grouped, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    argv = (sys.executable, "-S", "-c", COMET, str(gate))
    identity = grouped.launch(COMET, argv=argv)
    await grouped.held(identity)
    gate.write_text("go\n")
    assert await eventually(grouped.read_output) == b"off\n"
    grouped.trees.signal([identity], "SIGKILL")
    await eventually(lambda: not grouped.trees.alive(identity))
    seen = [grouped.members(identity) for _ in range(20)]

    grouped.trees.kill(grouped.launched[identity])

    assert all(seen)
    await eventually(lambda: not grouped.members(identity))


def zombies_of(ppid: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    state, parent = file.read().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state == "Z" and int(parent) == ppid:
                found.append(int(name))
    return found


def zombie_identity(system, pid):
    entry = system.trees._reader.entry(pid)
    assert entry.ended
    return entry.identity


def found_by(reader):
    """Look for a launched program with a token of its own."""
    return trees_over(reader).find_launched(["token"])


def test_a_program_that_is_just_being_executed_is_found_a_moment_later():
    reader = FakeProcessReader(an_entry(10, session=10), an_entry(11, session=11))
    reader.tokens = {10: "token"}
    reader.hidden = {10: 3}

    assert found_by(reader) == {"token": an_entry(10).identity}


def test_the_older_of_two_is_the_program_also_when_it_is_just_being_executed():
    younger = an_entry(11, session=11, start=200)
    reader = FakeProcessReader(an_entry(10, session=10), younger)
    reader.tokens = {10: "token", 11: "token"}
    reader.hidden = {10: 3}

    assert found_by(reader) == {"token": an_entry(10).identity}


def test_what_never_shows_an_environment_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(process_trees, "LOOK_AGAIN", 0)
    reader = FakeProcessReader(an_entry(10, session=10), an_entry(11, session=11))
    reader.tokens = {10: "token"}
    reader.hidden = {11: 1_000_000}

    assert found_by(reader) == {"token": an_entry(10).identity}

"""What every launcher does."""

import pytest

from pmdaemon.core.process import Exit, Identity
from pmdaemon.core.spec import Limits, RunAs
from pmdaemon.engine.interfaces import LaunchFailed
from tests.fakes.launcher import FakeLauncher
from tests.support.system import ALL_SYSTEMS, Program
from tests.support.waiting import eventually

Ends = list[tuple[Identity, Exit]]


@pytest.fixture(params=ALL_SYSTEMS)
async def system(request, tmp_path):
    async with request.param(tmp_path) as system:
        yield system


@pytest.mark.parametrize(
    ("program", "how"),
    [
        (Program.SUCCEEDS, Exit(code=0)),
        (Program.FAILS, Exit(code=3)),
        (Program.KILLS_ITSELF, Exit(signal=9)),
        (Program.CRASHES, Exit(signal=11)),
    ],
)
async def test_how_a_program_ended_is_told(system, program, how):
    ends: Ends = []
    identity = system.launch(program)

    system.launcher.watch(identity, lambda *end: ends.append(end))

    await eventually(lambda: ends)
    assert ends == [(identity, how)]


async def test_an_end_that_was_recorded_is_nobodys_any_more(system):
    ends: Ends = []
    identity = system.launch(Program.FAILS)
    system.launcher.watch(identity, lambda *end: ends.append(end))
    await eventually(lambda: ends)

    system.launcher.reap(identity)
    system.launcher.watch(identity, lambda *end: ends.append(end))

    await eventually(lambda: len(ends) == 2)
    assert ends[1] == (identity, Exit())


async def test_an_end_is_told_from_the_event_loop_and_not_by_watch_itself(system):
    ends: Ends = []
    identity = system.launch(Program.FAILS)
    await eventually(lambda: not system.trees.alive(identity))

    system.launcher.watch(identity, lambda *end: ends.append(end))

    assert ends == []
    await eventually(lambda: ends)


async def test_a_program_that_runs_has_no_end(system):
    ends: Ends = []
    identity = system.launch(Program.STAYS)
    other = system.launch(Program.FAILS)
    system.launcher.watch(identity, lambda *end: ends.append(end))

    system.launcher.watch(other, lambda *end: ends.append(end))

    await eventually(lambda: ends)
    assert ends == [(other, Exit(code=3))]
    assert system.trees.alive(identity)


async def test_each_of_many_programs_ends_once(system):
    ends: Ends = []
    identities = [system.launch(Program.STAYS) for _ in range(5)]
    for identity in identities:
        system.launcher.watch(identity, lambda *end: ends.append(end))

    system.trees.signal(identities, "SIGTERM")

    await eventually(lambda: len(ends) >= 5)
    assert sorted(ends, key=str) == sorted([(i, Exit(signal=15)) for i in identities], key=str)


async def test_what_nobody_knows_has_ended_with_an_unknown_exit(system):
    ends: Ends = []
    identity = system.launch(Program.STAYS)
    another_with_its_pid = Identity(identity.pid, identity.start_time - 1)

    system.launcher.watch(another_with_its_pid, lambda *end: ends.append(end))

    await eventually(lambda: ends)
    assert ends == [(another_with_its_pid, Exit())]


async def test_nothing_is_in_the_way_of_a_program_that_asks_for_nothing(system):
    assert system.launcher.objection(RunAs(), Limits()) is None


async def test_a_limit_that_nobody_knows_is_objected_to(system):
    assert system.launcher.objection(RunAs(), Limits(resources={"no-such-limit": 1}))


async def test_a_program_that_cannot_be_started_is_refused_with_a_reason(system):
    if isinstance(system.launcher, FakeLauncher):
        system.launcher.fail("cannot run /nowhere/app: no such file")
    order = system.order("", argv=("/nowhere/app",))

    with pytest.raises(LaunchFailed) as refusal:
        system.launcher.launch(order)

    assert refusal.value.reason == "cannot run /nowhere/app: no such file"
    assert not refusal.value.transient

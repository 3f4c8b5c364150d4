"""What every launcher does."""

import pytest

from pmdaemon.core.process import Exit, Identity
from pmdaemon.engine.interfaces import LaunchFailed
from tests.fakes.launcher import FakeLauncher
from tests.support.system import ALL_SYSTEMS, Program
from tests.support.waiting import eventually

Ends = list[tuple[Identity, Exit]]


@pytest.fixture(params=ALL_SYSTEMS)
async def system(request, tmp_path):
    async with request.param(tmp_path) as system:
        yield system


async def test_the_exit_code_of_a_program_is_told(system):
    ends: Ends = []
    identity = system.launch(Program.FAILS)

    system.launcher.watch(identity, lambda *end: ends.append(end))

    await eventually(lambda: ends)
    assert ends == [(identity, Exit(code=3))]


async def test_the_signal_that_ended_a_program_is_told(system):
    ends: Ends = []
    identity = system.launch(Program.KILLS_ITSELF)

    system.launcher.watch(identity, lambda *end: ends.append(end))

    await eventually(lambda: ends)
    assert ends == [(identity, Exit(signal=9))]


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


async def test_a_program_that_cannot_be_started_is_refused_with_a_reason(system):
    if isinstance(system.launcher, FakeLauncher):
        system.launcher.fail("cannot run /nowhere/app: no such file")
    order = system.order("", argv=("/nowhere/app",))

    with pytest.raises(LaunchFailed) as refusal:
        system.launcher.launch(order)

    assert refusal.value.reason == "cannot run /nowhere/app: no such file"
    assert not refusal.value.transient

"""What everything that looks at process trees does."""

import asyncio
from uuid import uuid4

import pytest

from pmdaemon.core.process import Exit, Identity
from tests.support.system import ALL_SYSTEMS, HOLDING_SYSTEMS, TREE_SYSTEMS, Program
from tests.support.waiting import eventually


@pytest.fixture(params=TREE_SYSTEMS)
async def system(request, tmp_path):
    async with request.param(tmp_path) as system:
        yield system


async def ended(system, identity):
    """Wait until a program has ended and been reaped."""
    ends: list[Exit] = []
    system.launcher.watch(identity, lambda _, how: ends.append(how))
    await eventually(lambda: ends)
    system.launcher.reap(identity)


async def test_a_process_is_alive_until_it_ends(system):
    identity = system.launch(Program.STAYS)
    assert system.trees.alive(identity)

    system.trees.signal([identity], "SIGTERM")

    await eventually(lambda: not system.trees.alive(identity))


async def test_another_process_with_the_same_pid_is_not_it(system):
    identity = system.launch(Program.STAYS)

    alive = system.trees.alive(Identity(identity.pid, identity.start_time - 1))

    assert not alive


async def test_children_are_members_and_come_before_their_parents(system):
    identity = await system.settled(Program.FAMILY)

    members = system.members(identity)

    assert len(members) == 2
    assert members[-1] == identity


async def test_a_child_that_was_left_behind_is_a_member(system):
    identity = await system.settled(Program.LEAVES_A_CHILD)
    await ended(system, identity)

    members = system.members(identity)

    assert len(members) == 1
    assert identity not in members
    assert system.trees.has_leftovers(identity, system.launched[identity])


async def test_a_daemon_in_a_session_of_its_own_is_a_member(system):
    identity = await system.settled(Program.LEAVES_A_DAEMON)

    system.trees.signal([identity], "SIGTERM")
    await ended(system, identity)

    await eventually(lambda: len(system.members(identity)) == 1)


async def test_programs_are_no_members_of_each_other(system):
    one = await system.settled(Program.FAMILY)
    other = await system.settled(Program.FAMILY)

    common = set(system.members(one)) & set(system.members(other))

    assert common == set()


async def test_nothing_is_left_of_a_program_that_left_nothing(system):
    identity = system.launch(Program.FAILS)

    await ended(system, identity)

    assert not system.trees.has_leftovers(identity, system.launched[identity])
    assert system.members(identity) == []


async def test_a_signal_reaches_all_it_is_sent_to(system):
    identity = await system.settled(Program.FAMILY)

    system.trees.signal(system.members(identity), "SIGTERM")

    await eventually(lambda: not system.members(identity))


async def test_a_stubborn_program_survives_all_but_sigkill(system):
    identity = await system.settled(Program.STUBBORN)
    members = system.members(identity)

    system.trees.signal(members, "SIGTERM")
    system.trees.signal(members, "SIGINT")
    assert system.members(identity) == members

    system.trees.signal(members, "SIGKILL")
    await eventually(lambda: not system.members(identity))


@pytest.fixture(params=HOLDING_SYSTEMS)
async def holding(request, tmp_path):
    async with request.param(tmp_path) as system:
        yield system


async def test_what_is_held_together_is_killed_in_one_stroke(holding):
    identity = await holding.settled(Program.STUBBORN)
    other = holding.launch(Program.STAYS)
    await holding.held(identity)

    holding.trees.kill(holding.launched[identity])

    await eventually(lambda: not holding.members(identity))
    assert holding.trees.alive(other)


async def test_what_was_released_is_held_no_more(holding):
    identity = await holding.settled(Program.STAYS)
    await holding.held(identity)

    holding.trees.release(holding.launched[identity])
    holding.trees.kill(holding.launched[identity])

    assert holding.trees.alive(identity)


async def test_a_signal_to_what_is_gone_or_another_does_nothing(system):
    gone = system.launch(Program.FAILS)
    await ended(system, gone)
    living = system.launch(Program.STAYS)

    system.trees.signal([gone, Identity(living.pid, living.start_time - 1)], "SIGKILL")

    assert system.trees.alive(living)


async def test_it_is_told_once_when_all_are_gone(system):
    identity = await system.settled(Program.FAMILY)
    members = system.members(identity)
    told: list[str] = []
    system.trees.when_gone(members, lambda: told.append("gone"))

    system.trees.signal([members[0]], "SIGTERM")
    await eventually(lambda: not system.trees.alive(members[0]))
    system.trees.signal(members, "SIGKILL")

    await eventually(lambda: told)
    assert not any(system.trees.alive(member) for member in members)
    assert told == ["gone"]


async def test_waiting_for_the_end_leaves_the_exit_to_the_launcher(system):
    identity = system.launch(Program.STAYS)
    told: list[str] = []
    ends: list[Exit] = []
    system.trees.when_gone([identity], lambda: told.append("gone"))
    system.trees.signal([identity], "SIGTERM")
    await eventually(lambda: told)

    system.launcher.watch(identity, lambda _, how: ends.append(how))

    await eventually(lambda: ends)
    assert ends == [Exit(signal=15)]


@pytest.mark.parametrize("wait_for", ["nothing", "what is gone"])
async def test_what_is_gone_already_is_told_from_the_event_loop(system, wait_for):
    gone = system.launch(Program.FAILS)
    await ended(system, gone)
    told: list[str] = []

    system.trees.when_gone([gone] if wait_for != "nothing" else [], lambda: told.append("gone"))

    assert told == []
    await eventually(lambda: told)
    assert told == ["gone"]


@pytest.fixture(params=ALL_SYSTEMS)
async def launching(request, tmp_path):
    async with request.param(tmp_path) as system:
        yield system


async def test_launched_programs_are_found_by_their_tokens(launching):
    token = uuid4().hex
    one = launching.launch(Program.STAYS, token=token)
    other = await launching.settled(Program.FAMILY, token=f"{token}-0")
    launching.launch(Program.STAYS, token=f"{token}-1")

    tokens = [token, f"{token}-0", f"{token}-2"]
    expected = {token: one, f"{token}-0": other}
    # The first may be held up while it is being executed.
    await eventually(lambda: launching.trees.find_launched(tokens) == expected)


async def test_a_program_is_found_at_any_moment_of_being_executed(launching):
    token = uuid4().hex
    identity = launching.launch(Program.EXECUTES_ITSELF, token=token)

    for _ in range(50):
        assert launching.trees.find_launched([token]) == {token: identity}
        await asyncio.sleep(0)  # for another pass


async def test_of_two_session_leaders_with_one_token_the_older_is_the_program(launching):
    token = uuid4().hex
    identity = await launching.settled(Program.LEAVES_A_DAEMON, token=token)

    found = launching.trees.find_launched([token])

    assert found == {token: identity}

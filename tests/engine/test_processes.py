import asyncio

import pytest

from pmdaemon.core.errors import (
    DaemonUnavailable,
    OperationFailed,
    ProcessNotFound,
    StoreUnavailable,
)
from pmdaemon.core.moves import KILL_PATIENCE
from pmdaemon.core.process import Cause, Exit, ProcessState, Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Command, RestartPolicy, StopPolicy
from tests.support.builders import an_app
from tests.support.engine import settle
from tests.support.waiting import eventually

BROKEN = StoreUnavailable("cannot write the store: its disk is full")
ALL = [Selector.parse("all")]
WEB = [Selector.parse("web")]


def going(coroutine):
    return asyncio.get_running_loop().create_task(coroutine)


def ids(snapshots):
    return [one.process.pm_id for one in snapshots]


def crashing(name="web", **policy):
    return an_app(
        name=name,
        command=Command("crash", (), None, ("/srv/crash",)),
        restart=RestartPolicy(**policy),
    )


# start


async def test_an_app_is_up_when_start_returns(parts):
    (one,) = await parts.start(an_app())

    assert one.process.state.kind is ProcessState.ONLINE
    assert parts.trees.alive(parts.identity(0))
    assert one.sample.processes == 1


async def test_instances_are_numbered_and_ids_go_on(parts):
    await parts.start(an_app(name="first"))

    started = await parts.start(an_app(instances=3))

    assert [(one.process.pm_id, one.process.instance) for one in started] == [
        (1, 0), (2, 1), (3, 2),
    ]  # fmt: skip


async def test_a_start_leaves_what_is_up_as_it_is(parts, processes):
    await parts.start(an_app())
    before = parts.identity(0)

    await processes.start(WEB)

    assert parts.identity(0) == before


async def test_a_start_brings_up_what_was_stopped(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    (one,) = await processes.start(WEB)

    assert one.process.state.kind is ProcessState.ONLINE
    assert one.process.restarts == 0


async def test_a_start_gives_an_app_that_was_given_up_a_new_chance(parts, processes):
    parts.launcher.programs["crash"] = Exit(code=1)
    await parts.start(crashing(max_restarts=2))
    await eventually(lambda: parts.state(0) is ProcessState.ERRORED)
    del parts.launcher.programs["crash"]

    (one,) = await processes.start(WEB)

    assert (one.process.state.kind, one.process.ends) == (ProcessState.ONLINE, ())


# stop


async def test_nothing_of_an_app_is_left_when_stop_returns(parts, processes):
    await parts.start(an_app())
    parts.world.add(parent=parts.identity(0))
    parts.world.add(parent=parts.identity(0), own_session=True)

    (one,) = await processes.stop(WEB)

    assert parts.world.living() == []
    assert (one.process.state.kind, one.process.wish) == (ProcessState.STOPPED, Wish.DOWN)
    assert one.process.last_cause is Cause.STOP_REQUESTED


async def test_who_does_not_heed_the_signal_is_killed_after_the_grace(parts, processes):
    await parts.start(an_app(stop=StopPolicy("SIGTERM", grace=3.0)))
    parts.program(0).ignores = frozenset({"SIGTERM"})
    stopping = going(processes.stop(WEB))
    await settle()

    parts.clock.advance(2.9)
    await settle()
    assert not stopping.done()
    parts.clock.advance(0.1)

    (one,) = await stopping
    assert one.process.last_exit == Exit(signal=9)


async def test_who_survives_being_killed_is_named(parts, processes):
    await parts.start(an_app(), an_app(name="other"))
    pid = parts.identity(0).pid
    parts.program(0).unkillable = True
    stopping = going(processes.stop(ALL))
    await settle()

    parts.clock.advance(1.6)
    await settle()
    parts.clock.advance(KILL_PATIENCE)

    with pytest.raises(OperationFailed, match=f"cannot stop web: survived SIGKILL: pid {pid}$"):
        await stopping
    assert parts.each_state == {0: "errored", 1: "stopped"}


async def test_a_delete_that_failed_can_be_asked_for_again(parts, processes):
    await parts.start(an_app())
    parts.program(0).unkillable = True
    deleting = going(processes.delete(WEB))
    await settle()
    parts.clock.advance(1.6)
    await settle()
    parts.clock.advance(KILL_PATIENCE)
    with pytest.raises(OperationFailed):
        await deleting

    await processes.delete(WEB)

    assert parts.each_state == {}


async def test_a_stop_of_what_is_down_is_fine(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    assert ids(await processes.stop(WEB)) == [0]


async def test_a_stop_while_it_starts_ends_what_was_started(parts, processes):
    starting = going(parts.start(an_app()))
    stopping = going(processes.stop(ALL))

    await asyncio.gather(starting, stopping)

    assert parts.each_state == {0: "stopped"}
    assert parts.world.living() == []


async def test_a_stop_during_backoff_ends_the_waiting(parts, processes):
    parts.launcher.programs["crash"] = Exit(code=1)
    await parts.start(crashing(restart_delay=10.0))
    await eventually(lambda: parts.state(0) is ProcessState.BACKOFF)

    await processes.stop(WEB)
    parts.clock.advance(100)
    await settle()

    assert parts.each_state == {0: "stopped"}
    assert len(parts.launcher.launched) == 1


async def test_an_exit_just_before_a_stop_does_not_bring_it_back(parts, processes):
    await parts.start(an_app())
    parts.launcher.end(parts.identity(0), Exit(code=1))

    await processes.stop(WEB)
    await settle()

    assert parts.each_state == {0: "stopped"}
    assert len(parts.launcher.launched) == 1


async def test_a_start_during_a_stop_starts_anew(parts, processes):
    await parts.start(an_app())
    before = parts.identity(0)
    parts.program(0).ignores = frozenset({"SIGINT"})
    stopping = going(processes.stop(WEB))
    await settle()

    starting = going(processes.start(WEB))
    await settle()
    parts.clock.advance(1.6)

    await asyncio.gather(stopping, starting)
    assert parts.each_state == {0: "online"}
    assert parts.identity(0) != before
    assert len(parts.world.living()) == 1


# restart


async def test_a_restart_ends_the_old_before_it_begins_the_new(parts, processes):
    await parts.start(an_app())
    before = parts.program(0)
    before.ignores = frozenset({"SIGINT"})

    restarting = going(processes.restart(WEB))
    await settle()
    assert len(parts.launcher.launched) == 1
    parts.clock.advance(1.6)

    (one,) = await restarting
    assert before.exit == Exit(signal=9)
    assert (one.process.state.kind, one.process.restarts) == (ProcessState.ONLINE, 1)


async def test_a_restart_brings_up_what_was_down(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    (one,) = await processes.restart(WEB)

    assert one.process.state.kind is ProcessState.ONLINE


async def test_a_restart_during_a_stop_wins_when_it_came_later(parts, processes):
    await parts.start(an_app())
    stopping, restarting = going(processes.stop(WEB)), going(processes.restart(WEB))

    await asyncio.gather(stopping, restarting)

    assert parts.each_state == {0: "online"}


async def test_a_stop_during_a_restart_wins_when_it_came_later(parts, processes):
    await parts.start(an_app())
    restarting, stopping = going(processes.restart(WEB)), going(processes.stop(WEB))

    await asyncio.gather(restarting, stopping)

    assert parts.each_state == {0: "stopped"}
    assert parts.world.living() == []


# delete


async def test_what_was_deleted_is_forgotten_and_its_output_stays(parts, processes):
    await parts.start(an_app())
    parts.capture.write("/run/0/out", b"hello\n")

    (doomed,) = await processes.delete(WEB)

    assert doomed.process.state.kind is ProcessState.ONLINE
    assert parts.each_state == {}
    assert parts.world.living() == []
    assert parts.capture.open_ids == set()
    assert parts.capture.contents[doomed.out_file] == b"hello\n"


async def test_a_delete_during_backoff_is_for_good(parts, processes):
    parts.launcher.programs["crash"] = Exit(code=1)
    await parts.start(crashing(restart_delay=10.0))
    await eventually(lambda: parts.state(0) is ProcessState.BACKOFF)

    await processes.delete(WEB)

    assert parts.each_state == {}
    assert parts.clock.pending == 0


async def test_two_deletes_of_one_app_both_come_to_their_end(parts, processes):
    await parts.start(an_app())

    first, second = going(processes.delete(WEB)), going(processes.delete(WEB))

    assert ids(await first) == ids(await second) == [0]


async def test_a_stop_of_what_is_being_deleted_is_done_when_it_is_gone(parts, processes):
    await parts.start(an_app())
    parts.program(0).ignores = frozenset({"SIGINT"})
    deleting, stopping = going(processes.delete(WEB)), going(processes.stop(WEB))
    await settle()
    assert not stopping.done()

    parts.clock.advance(1.6)

    assert await stopping == []
    await deleting
    assert parts.each_state == {}


async def test_what_is_being_deleted_cannot_be_started_by_name(parts, processes):
    await parts.start(an_app())
    parts.program(0).ignores = frozenset({"SIGINT"})
    deleting = going(processes.delete(WEB))
    await settle()

    with pytest.raises(ProcessNotFound):
        await processes.start(WEB)
    with pytest.raises(ProcessNotFound):
        await processes.restart(WEB)

    parts.clock.advance(1.6)
    await deleting


@pytest.mark.parametrize("existing", ["refuse", "restart", "keep"])
async def test_what_is_being_deleted_can_be_declared_again(parts, processes, existing):
    await parts.start(an_app(cwd="/old"))
    parts.program(0).ignores = frozenset({"SIGINT"})
    deleting = going(processes.delete(WEB))
    await settle()

    starting = going(processes.start_apps([an_app(cwd="/new")], existing=existing))
    await settle()
    parts.clock.advance(1.6)

    (one,) = await starting
    await deleting
    assert (one.process.state.kind, one.process.spec.cwd) == (ProcessState.ONLINE, "/new")
    assert one.process.restarts == 0
    assert parts.launcher.orders[-1].cwd == "/new"
    assert len(parts.world.living()) == 1


# the others


async def test_a_reset_zeroes_the_counters(parts, processes):
    await parts.start(an_app())
    await processes.restart(WEB)

    (one,) = await processes.reset(WEB)

    assert (one.process.restarts, one.process.ends) == (0, ())
    assert one.process.state.kind is ProcessState.ONLINE


async def test_a_flush_empties_the_files_also_of_what_is_down(parts, processes):
    (one,) = await parts.start(an_app())
    parts.capture.write("/run/0/out", b"hello\n")
    await processes.stop(WEB)
    parts.capture.close(0)
    assert parts.capture.contents[one.out_file] == b"hello\n"

    processes.flush(WEB)

    assert parts.capture.contents[one.out_file] == b""


async def test_a_program_that_holds_too_much_memory_is_restarted(parts):
    await parts.start(an_app(max_memory=100))
    parts.program(0).memory = 101

    parts.sampler.start()

    await eventually(lambda: len(parts.launcher.launched) == 2)
    await eventually(lambda: parts.state(0) is ProcessState.ONLINE)
    process = parts.supervisor.processes[0]
    assert (process.restarts, process.last_cause) == (1, Cause.MEMORY_EXCEEDED)


async def test_a_store_that_fails_refuses_a_stop_and_the_program_runs_on(parts, processes):
    await parts.start(an_app())
    parts.store.failure = BROKEN

    with pytest.raises(StoreUnavailable):
        await processes.stop(WEB)

    assert parts.each_state == {0: "online"}
    assert parts.trees.signals == []


# the end of the daemon


async def test_the_end_of_the_daemon_keeps_what_is_wished_for(parts, processes):
    parts.launcher.programs["crash"] = Exit(code=1)
    await parts.start(an_app(instances=2), crashing("crasher", restart_delay=10.0))
    await eventually(lambda: parts.state(2) is ProcessState.BACKOFF)

    await processes.shut_down()

    assert parts.world.living() == []
    assert set(parts.each_state.values()) == {"stopped"}
    assert {one.wish for one in (await parts.store.load()).processes} == {Wish.UP}


async def test_the_end_of_the_daemon_waits_for_what_is_just_being_spawned(parts, processes):
    starting = going(parts.start(an_app(instances=6)))
    while not parts.launcher.launched:
        await asyncio.sleep(0)

    await processes.shut_down()

    assert parts.world.living() == []
    assert set(parts.each_state.values()) == {"stopped"}
    starting.cancel()


async def test_the_daemon_ends_its_programs_also_while_the_store_fails(parts, processes):
    await parts.start(an_app())
    parts.store.failure = BROKEN

    await processes.shut_down()

    assert parts.world.living() == []


async def test_nothing_is_started_any_more_when_the_daemon_ends(parts, processes):
    await parts.start(an_app())
    await processes.shut_down()

    for starting in (processes.start(ALL), processes.restart(ALL), parts.start(an_app(name="a"))):
        with pytest.raises(DaemonUnavailable, match="the daemon is ending"):
            await starting

    assert parts.world.living() == []


async def test_what_survives_the_end_of_the_daemon_is_named(parts, processes):
    await parts.start(an_app())
    parts.program(0).unkillable = True
    ending = going(processes.shut_down())
    await settle()

    parts.clock.advance(1.6)
    await settle()
    parts.clock.advance(KILL_PATIENCE)

    with pytest.raises(OperationFailed, match="survived SIGKILL"):
        await ending

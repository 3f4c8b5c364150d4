import asyncio

import pytest

from pmdaemon.core.errors import (
    AppAlreadyExists,
    DaemonUnavailable,
    OperationFailed,
    ProcessBlocked,
    ProcessNotFound,
    StoreUnavailable,
    TcpPortTaken,
)
from pmdaemon.core.moves import KILL_PATIENCE
from pmdaemon.core.process import Cause, Exit, ProcessState, Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import (
    Command,
    Dependency,
    Job,
    RestartPolicy,
    Schedule,
    StopPolicy,
)
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.builders import an_app
from tests.support.engine import settle
from tests.support.waiting import eventually

BROKEN = StoreUnavailable("cannot write the store: its disk is full")
ALL = [Selector.parse("all")]
WEB = [Selector.parse("web")]


@pytest.fixture
def processes(parts):
    return parts.engine.processes


def going(coroutine):
    return asyncio.get_running_loop().create_task(coroutine)


def ids(snapshots):
    return [one.process.pm_id for one in snapshots]


def states(parts):
    return {pm_id: str(one.state.kind) for pm_id, one in parts.supervisor.processes.items()}


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


async def test_all_of_the_apps_are_started_or_none(parts):
    parts.probe.used.add(3000)

    with pytest.raises(TcpPortTaken):
        await parts.start(an_app(name="a"), an_app(name="b", tcp_ports=TcpPorts(3000, 3000)))

    assert parts.supervisor.processes == {}
    assert parts.launcher.orders == []
    assert (await parts.store.load()).processes == []


async def test_two_new_apps_cannot_have_the_same_port(parts):
    with pytest.raises(TcpPortTaken, match="port 3000 belongs to a"):
        await parts.start(
            an_app(name="a", tcp_ports=TcpPorts(3000, 3000)),
            an_app(name="b", tcp_ports=TcpPorts(3000, 3000)),
        )


async def test_a_program_that_cannot_be_run_is_said_to_be_so_and_listed(parts):
    parts.launcher.fail("cannot run /srv/server.js: permission denied")

    with pytest.raises(OperationFailed, match=r"^cannot start web: cannot run "):
        await parts.start(an_app())

    assert states(parts) == {0: "errored"}


async def test_a_program_that_cannot_be_run_now_is_said_to_be_tried_again(parts):
    parts.launcher.fail("no more processes may be started", transient=True)

    with pytest.raises(OperationFailed, match=r"^cannot start web now: no more .*; trying again"):
        await parts.start(an_app())

    assert states(parts) == {0: "backoff"}


async def test_while_the_store_fails_it_is_said_what_is_not_saved(parts):
    await parts.start(an_app())
    before = parts.engine.processes.unsaved
    parts.store.failure = StoreUnavailable("cannot write the store: its disk is full")

    parts.world.end(parts.identity(0), Exit(code=1))
    await eventually(lambda: parts.engine.processes.unsaved)

    assert before is None
    assert parts.engine.processes.unsaved == (
        "cannot write the store: its disk is full;"
        " what happened to 1 process since is not saved yet"
    )


async def test_several_failures_are_counted(parts):
    parts.launcher.fail("broken", times=3)

    with pytest.raises(OperationFailed) as failure:
        await parts.start(an_app(instances=3))

    assert failure.value.message == "cannot start web:0: broken (and 2 more)"
    assert len(failure.value.details["failures"]) == 3


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


async def test_starting_what_is_up_under_that_name_is_refused(parts):
    await parts.start(an_app(cwd="/old"))
    before = parts.supervisor.processes[0]

    with pytest.raises(AppAlreadyExists):
        await parts.start(an_app(name="other"), an_app(cwd="/new"))

    assert parts.supervisor.processes == {0: before}


async def test_starting_what_is_down_under_that_name_gives_it_its_new_declaration(parts, processes):
    await parts.start(an_app(cwd="/old"))
    await processes.stop(WEB)

    (one,) = await parts.start(an_app(cwd="/new"))

    assert (one.process.pm_id, one.process.spec.cwd) == (0, "/new")
    assert parts.launcher.orders[-1].cwd == "/new"


async def test_an_existing_app_can_be_restarted_with_its_new_declaration(parts, processes):
    await parts.start(an_app(cwd="/old"))

    (one,) = await processes.start_apps([an_app(cwd="/new")], existing="restart")

    assert one.process.state.kind is ProcessState.ONLINE
    assert [order.cwd for order in parts.launcher.orders] == ["/old", "/new"]
    assert one.process.restarts == 1


async def test_an_existing_app_can_be_kept_as_it_is(parts, processes):
    await parts.start(an_app(cwd="/old"))
    before = parts.identity(0)

    await processes.start_apps([an_app(cwd="/new")], existing="keep")

    assert parts.identity(0) == before
    assert parts.supervisor.processes[0].spec.cwd == "/old"


async def test_an_app_that_is_kept_comes_up_if_it_was_down(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    (one,) = await processes.start_apps([an_app()], existing="keep")

    assert one.process.state.kind is ProcessState.ONLINE


async def test_what_is_new_may_be_listed_without_being_started(parts, processes):
    (one,) = await processes.start_apps([an_app()], existing="keep", down=True)

    assert (one.process.state.kind, one.process.wish) == (ProcessState.STOPPED, Wish.DOWN)
    assert parts.launcher.orders == []


async def test_what_exists_stays_down_when_it_is_only_to_be_listed(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    await processes.start_apps([an_app()], existing="keep", down=True)

    assert states(parts) == {0: "stopped"}


async def test_more_instances_come_and_fewer_go(parts, processes):
    await parts.start(an_app(instances=2))

    await processes.start_apps([an_app(instances=3)], existing="restart")
    assert states(parts) == {0: "online", 1: "online", 2: "online"}

    await processes.start_apps([an_app(instances=1)], existing="restart")
    assert states(parts) == {0: "online"}
    assert len(parts.world.living()) == 1


async def test_ports_stay_with_an_app_that_is_declared_anew(parts, processes):
    parts.probe.used.add(5000)
    await parts.start(an_app(instances=2, tcp_ports=TcpPorts(5000, 5009, auto=True)))
    parts.probe.used |= {5001, 5002}  # it listens there itself now
    parts.probe.used.discard(5000)

    await processes.start_apps(
        [an_app(instances=3, tcp_ports=TcpPorts(5000, 5009, auto=True))], existing="restart"
    )

    ports = [one.tcp_port for one in parts.supervisor.processes.values()]
    assert ports == [5001, 5002, 5000]


async def test_a_port_that_was_taken_while_an_app_was_down_is_refused(parts, processes):
    await parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))
    await processes.stop(WEB)
    parts.probe.used.add(3000)

    with pytest.raises(TcpPortTaken, match="another program listens on port 3000"):
        await parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))

    assert states(parts) == {0: "stopped"}


async def test_a_port_is_free_again_when_its_app_was_deleted(parts, processes):
    await parts.start(an_app(name="a", tcp_ports=TcpPorts(3000, 3000)))
    await processes.delete([Selector.parse("a")])

    (one,) = await parts.start(an_app(name="b", tcp_ports=TcpPorts(3000, 3000)))

    assert one.process.tcp_port == 3000


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
    assert states(parts) == {0: "errored", 1: "stopped"}


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

    assert states(parts) == {}


async def test_a_stop_of_what_is_down_is_fine(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    assert ids(await processes.stop(WEB)) == [0]


async def test_a_stop_while_it_starts_ends_what_was_started(parts, processes):
    starting = going(parts.start(an_app()))
    stopping = going(processes.stop(ALL))

    await asyncio.gather(starting, stopping)

    assert states(parts) == {0: "stopped"}
    assert parts.world.living() == []


async def test_a_stop_during_backoff_ends_the_waiting(parts, processes):
    parts.launcher.programs["crash"] = Exit(code=1)
    await parts.start(crashing(restart_delay=10.0))
    await eventually(lambda: parts.state(0) is ProcessState.BACKOFF)

    await processes.stop(WEB)
    parts.clock.advance(100)
    await settle()

    assert states(parts) == {0: "stopped"}
    assert len(parts.launcher.launched) == 1


async def test_an_exit_just_before_a_stop_does_not_bring_it_back(parts, processes):
    await parts.start(an_app())
    parts.launcher.end(parts.identity(0), Exit(code=1))

    await processes.stop(WEB)
    await settle()

    assert states(parts) == {0: "stopped"}
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
    assert states(parts) == {0: "online"}
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

    assert states(parts) == {0: "online"}


async def test_a_stop_during_a_restart_wins_when_it_came_later(parts, processes):
    await parts.start(an_app())
    restarting, stopping = going(processes.restart(WEB)), going(processes.stop(WEB))

    await asyncio.gather(restarting, stopping)

    assert states(parts) == {0: "stopped"}
    assert parts.world.living() == []


# delete


async def test_what_was_deleted_is_forgotten_and_its_output_stays(parts, processes):
    await parts.start(an_app())
    parts.capture.write("/run/0/out", b"hello\n")

    (doomed,) = await processes.delete(WEB)

    assert doomed.process.state.kind is ProcessState.ONLINE
    assert states(parts) == {}
    assert parts.world.living() == []
    assert parts.capture.open_ids == set()
    assert parts.capture.contents[doomed.out_file] == b"hello\n"


async def test_a_delete_during_backoff_is_for_good(parts, processes):
    parts.launcher.programs["crash"] = Exit(code=1)
    await parts.start(crashing(restart_delay=10.0))
    await eventually(lambda: parts.state(0) is ProcessState.BACKOFF)

    await processes.delete(WEB)

    assert states(parts) == {}
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
    assert states(parts) == {}


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


async def test_a_selector_that_names_nothing_is_refused_by_every_verb(parts, processes):
    nothing = [Selector.parse("nothing")]

    for verb in (processes.start, processes.stop, processes.restart, processes.delete,
                 processes.reset):  # fmt: skip
        with pytest.raises(ProcessNotFound):
            await verb(nothing)
    for verb in (processes.list, processes.flush):
        with pytest.raises(ProcessNotFound):
            verb(nothing)


async def test_all_of_nothing_is_nothing(processes):
    assert processes.list(ALL) == processes.list() == []
    assert await processes.stop(ALL) == await processes.start(ALL) == []


async def test_a_store_that_fails_refuses_a_stop_and_the_program_runs_on(parts, processes):
    await parts.start(an_app())
    parts.store.failure = BROKEN

    with pytest.raises(StoreUnavailable):
        await processes.stop(WEB)

    assert states(parts) == {0: "online"}
    assert parts.trees.signals == []


async def test_a_snapshot_of_what_is_down_shows_no_old_sample(parts, processes):
    await parts.start(an_app())

    (one,) = await processes.stop(WEB)

    assert one.sample.memory == 0


# the end of the daemon


async def test_the_end_of_the_daemon_keeps_what_is_wished_for(parts, processes):
    parts.launcher.programs["crash"] = Exit(code=1)
    await parts.start(an_app(instances=2), crashing("crasher", restart_delay=10.0))
    await eventually(lambda: parts.state(2) is ProcessState.BACKOFF)

    await processes.shut_down()

    assert parts.world.living() == []
    assert set(states(parts).values()) == {"stopped"}
    assert {one.wish for one in (await parts.store.load()).processes} == {Wish.UP}


async def test_the_end_of_the_daemon_waits_for_what_is_just_being_spawned(parts, processes):
    starting = going(parts.start(an_app(instances=6)))
    while not parts.launcher.launched:
        await asyncio.sleep(0)

    await processes.shut_down()

    assert parts.world.living() == []
    assert set(states(parts).values()) == {"stopped"}
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


async def applied(processes, *specs, **how):
    steps, reached = await processes.apply(specs, **{"prune": False, "dry_run": False} | how)
    return [(step.name, step.action) for step in steps], [one.process.pm_id for one in reached]


async def test_only_what_differs_is_touched(parts, processes):
    await parts.start(an_app(name="same"))
    await parts.start(an_app(name="other"))
    before = parts.identity(0)

    assert await applied(
        processes, an_app(name="same"), an_app(name="other", cwd="/new"), an_app(name="new")
    ) == ([("same", "keep"), ("other", "restart"), ("new", "create")], [1, 2])

    assert parts.identity(0) == before
    later = [order.cwd for order in parts.launcher.orders[2:]]
    assert sorted(later) == ["/new", "/srv"]


async def test_instances_that_stay_are_not_touched_when_others_come_or_go(parts, processes):
    await parts.start(an_app(instances=2, inherited_env={"A": "old"}))
    before = parts.identity(0)

    await applied(processes, an_app(instances=3, inherited_env={"A": "new"}))
    assert states(parts) == {0: "online", 1: "online", 2: "online"}
    assert parts.launcher.orders[-1].env["A"] == "old"

    await applied(processes, an_app(instances=1))
    assert states(parts) == {0: "online"}
    assert parts.identity(0) == before
    assert parts.supervisor.processes[0].spec.instances == 1


async def test_a_policy_is_noted_without_touching_the_program(parts, processes):
    await parts.start(an_app())
    before = parts.identity(0)

    assert await applied(processes, an_app(max_memory=5)) == ([("web", "update")], [])

    assert parts.identity(0) == before
    assert parts.supervisor.processes[0].spec.max_memory == 5


async def test_what_was_stopped_stays_so_with_its_new_declaration(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    await applied(processes, an_app(cwd="/new"))

    assert states(parts) == {0: "stopped"}
    assert parts.supervisor.processes[0].spec.cwd == "/new"


async def test_what_left_its_file_is_deleted_if_asked_for(parts, processes):
    await parts.start(an_app(name="a", source="/eco.toml"))
    await parts.start(an_app(name="b", source="/eco.toml"))
    await parts.start(an_app(name="c"))
    kept = an_app(name="a", source="/eco.toml")

    assert await applied(processes, kept) == ([("a", "keep"), ("b", "leave")], [])
    await applied(processes, kept, prune=True)

    assert states(parts) == {0: "online", 2: "online"}


async def test_what_would_be_done_can_be_asked_for(parts, processes):
    await parts.start(an_app())

    assert await applied(processes, an_app(cwd="/new"), dry_run=True) == ([("web", "restart")], [])

    assert len(parts.launcher.orders) == 1


async def test_nothing_is_applied_when_a_part_of_it_cannot_be(parts, processes):
    await parts.start(an_app(name="a", tcp_ports=TcpPorts(3000, 3000)))

    with pytest.raises(TcpPortTaken):
        await applied(processes, an_app(name="b"), an_app(name="c", tcp_ports=TcpPorts(3000, 3000)))

    assert states(parts) == {0: "online"}


async def test_what_is_not_to_start_by_itself_is_listed_and_waits(parts, processes):
    (one,) = await processes.start_apps([an_app(autostart=False)], existing="restart")
    assert (one.process.state.kind, parts.launcher.orders) == (ProcessState.STOPPED, [])

    await processes.start(WEB)

    assert states(parts) == {0: "online"}


async def test_a_cluster_that_was_stopped_stays_so(parts, processes):
    await parts.start(an_app(exec_mode="cluster"))
    await processes.stop(WEB)

    await applied(processes, an_app(exec_mode="cluster", env={"A": "1"}))

    assert states(parts) == {0: "stopped"}
    assert parts.supervisor.processes[0].spec.env == {"A": "1"}


# blocking, jobs, and what is started when


@pytest.mark.parametrize("verb", ["start", "restart", "reload"])
async def test_what_is_blocked_is_refused_by_name_and_passed_over_by_all(parts, processes, verb):
    await parts.start(an_app(), an_app(name="other"))
    await processes.stop(WEB)
    await processes.block(WEB)

    with pytest.raises(ProcessBlocked, match="cannot start web: it is blocked"):
        await getattr(processes, verb)(WEB)
    await getattr(processes, verb)(ALL)

    assert states(parts) == {0: "stopped", 1: "online"}


async def test_what_is_blocked_is_neither_scaled_nor_declared_anew(parts, processes):
    await parts.start(an_app())
    await processes.block(WEB)

    with pytest.raises(ProcessBlocked):
        await processes.scale("web", "3")
    with pytest.raises(ProcessBlocked):
        await processes.start_apps([an_app(cwd="/opt")], existing="restart")

    assert len(parts.launcher.orders) == 1
    assert parts.supervisor.processes[0].spec.cwd == "/srv"


async def test_a_start_of_all_starts_no_job(parts, processes):
    await parts.start(an_app(job=Job(Schedule("0 3 * * *"))), an_app(name="other"))

    await processes.start(ALL)
    await processes.restart(ALL)

    assert states(parts) == {0: "stopped", 1: "online"}


async def test_an_app_without_autostart_is_listed_and_starts_when_asked_for(parts, processes):
    await parts.start(an_app(autostart=False))
    assert states(parts) == {0: "stopped"}

    await processes.start(WEB)
    assert states(parts) == {0: "online"}


async def test_why_a_process_is_up_is_explained(parts, processes):
    await parts.start(an_app(depends_on=(Dependency("db"),)), an_app(name="db"))

    ((process, sentences),) = processes.explain(WEB, lambda _: None)

    assert process.pm_id == 0
    assert sentences[0].startswith("web is up: pid ")

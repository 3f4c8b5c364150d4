from itertools import product

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from pmdaemon.core.coming_up import SPAWN_RETRY_DELAY
from pmdaemon.core.effects import (
    AwaitReady,
    Drain,
    Forget,
    KillTree,
    SetTimer,
    SignalFirst,
    SignalTree,
    Spawn,
    Sweep,
    Timer,
    Watch,
)
from pmdaemon.core.lifecycle import step
from pmdaemon.core.lifecycle_events import (
    BackoffElapsed,
    BecameReady,
    BlockRequested,
    DaemonStarted,
    DeleteRequested,
    DependenciesMet,
    DependencyFailed,
    Drained,
    DrainTimeElapsed,
    EndFellDue,
    FellDue,
    GraceElapsed,
    HealthFailed,
    MemoryExceeded,
    ProcessExited,
    ReadyTimeElapsed,
    ResetRequested,
    RestartRequested,
    SessionEmptied,
    ShutdownBegan,
    SignalRequested,
    Spawned,
    SpawnFailed,
    StartRequested,
    StopRequested,
    TimeExceeded,
    UnblockRequested,
)
from pmdaemon.core.moves import DRAIN_SECONDS, KILL_PATIENCE, leave
from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Identity,
    Online,
    ProcessState,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import (
    Command,
    Dependency,
    Job,
    Readiness,
    RestartPolicy,
    Schedule,
    StopPolicy,
)
from pmdaemon.core.wishes import TOO_LATE
from tests.support import lifecycle_diagram
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run, an_app, later
from tests.support.playbook import Playbook
from tests.support.simulated_world import Tree, World

RUN = a_run()
OTHER_RUN = a_run(pid=815)
EPOCH = 7
GRACE = 1.6

STATES = {
    "STOPPED": Stopped(),
    "STARTING": Starting(),
    "ONLINE": Online(RUN),
    "STOPPING": Stopping(RUN, Cause.STOP_REQUESTED),
    "BACKOFF": Backoff(NOW, 1.0),
    "EXITED": Exited(),
    "ERRORED": Errored("why"),
}

# What becomes of a process that is wished up, or, in STOPPING, was asked to stop. A dot is a state
# that stays; every other word is the next state.
TABLE = """
                 STOPPED   STARTING  ONLINE    STOPPING  BACKOFF   EXITED    ERRORED
start            STARTING  .         .         .         STARTING  STARTING  STARTING
restart          STARTING  .         STOPPING  .         STARTING  STARTING  STARTING
stop             .         .         STOPPING  .         STOPPED   STOPPED   STOPPED
delete           gone      .         STOPPING  .         gone      gone      gone
block            .         .         .         .         STOPPED   .         .
unblock          .         .         .         .         .         .         .
shutdown         .         .         STOPPING  .         STOPPED   .         .
reset            .         .         .         .         .         .         .
spawned          .         ONLINE    .         .         .         .         .
spawn failed     .         ERRORED   .         .         .         .         .
no resources     .         BACKOFF   .         .         .         .         .
exited           .         .         STOPPING  .         .         .         .
emptied          .         .         .         .         .         .         .
grace elapsed    .         .         .         .         .         .         .
backoff elapsed  .         .         .         .         STARTING  .         .
memory exceeded  .         .         STOPPING  .         .         .         .
ready            .         .         .         .         .         .         .
ready time over  .         .         .         .         .         .         .
drained          .         .         .         .         .         .         .
drain time over  .         .         .         .         .         .         .
signal           .         .         .         .         .         .         .
unhealthy        .         .         STOPPING  .         .         .         .
time exceeded    .         .         STOPPING  .         .         .         .
end fell due      .         .         STOPPING  .         .         .         .
fell due         STARTING  .         STOPPING  .         STARTING  STARTING  STARTING
all there        STARTING  .         .         .         .         .         .
one failed       ERRORED   .         .         .         .         .         .
found running    STARTING  ONLINE    .         .         .         .         .
found ended      STARTING  STARTING  STOPPING  .         .         .         .
rebooted         STARTING  STARTING  STARTING  STOPPED   STARTING  .         .
"""

EVENTS = {
    "start": StartRequested(),
    "restart": RestartRequested(),
    "stop": StopRequested(),
    "delete": DeleteRequested(),
    "block": BlockRequested(),
    "unblock": UnblockRequested(),
    "shutdown": ShutdownBegan(),
    "reset": ResetRequested(NOW),
    "spawned": Spawned(EPOCH, RUN),
    "spawn failed": SpawnFailed(EPOCH, "no such file", transient=False, at=NOW),
    "no resources": SpawnFailed(EPOCH, "no pids", transient=True, at=NOW),
    "exited": ProcessExited(RUN.identity, CLEAN),
    "emptied": SessionEmptied(RUN.identity, NOW),
    "grace elapsed": GraceElapsed(EPOCH, (4711,)),
    "backoff elapsed": BackoffElapsed(EPOCH),
    "memory exceeded": MemoryExceeded(RUN.identity),
    "ready": BecameReady(RUN.identity, told=True),
    "ready time over": ReadyTimeElapsed(EPOCH),
    "drained": Drained(RUN.identity),
    "drain time over": DrainTimeElapsed(EPOCH),
    "signal": SignalRequested("SIGUSR2"),
    "unhealthy": HealthFailed(RUN.identity),
    "time exceeded": TimeExceeded(RUN.identity),
    "end fell due": EndFellDue(RUN.identity),
    "fell due": FellDue(NOW.wall, NOW),
    "all there": DependenciesMet(),
    "one failed": DependencyFailed("db was given up"),
    "found running": DaemonStarted(NOW, RUN, rebooted=False),
    "found ended": DaemonStarted(NOW, None, rebooted=False),
    "rebooted": DaemonStarted(NOW, None, rebooted=True),
}

LATE = [
    Spawned(EPOCH - 1, OTHER_RUN),
    SpawnFailed(EPOCH - 1, "no such file", transient=False, at=NOW),
    SpawnFailed(EPOCH - 1, "no pids", transient=True, at=NOW),
    ProcessExited(OTHER_RUN.identity, FAILED),
    ProcessExited(Identity(RUN.identity.pid, start_time=0), FAILED),
    SessionEmptied(OTHER_RUN.identity, NOW),
    GraceElapsed(EPOCH - 1, (4711,)),
    BackoffElapsed(EPOCH - 1),
    MemoryExceeded(OTHER_RUN.identity),
    BecameReady(OTHER_RUN.identity, told=True),
    ReadyTimeElapsed(EPOCH - 1),
    Drained(OTHER_RUN.identity),
    DrainTimeElapsed(EPOCH - 1),
    HealthFailed(OTHER_RUN.identity),
    TimeExceeded(OTHER_RUN.identity),
    EndFellDue(OTHER_RUN.identity),
]


def cells():
    head, *rows = [line for line in TABLE.splitlines() if line]
    for row in rows:
        event, targets = row[:17].strip(), row[17:].split()
        for state, target in zip(head.split(), targets, strict=True):
            yield pytest.param(state, event, target, id=f"{event}-{state}")


def in_state(state, **changes):
    wish = Wish.DOWN if isinstance(state, Stopping) else Wish.UP
    return a_process(**{"state": state, "wish": wish, "epoch": EPOCH, "launch": EPOCH, **changes})


def grace_of_twin(epoch, seconds=GRACE):
    return SetTimer(-1, epoch, Timer.GRACE, seconds)


def grace(epoch, seconds=GRACE):
    return SetTimer(0, epoch, Timer.GRACE, seconds)


def test_the_table_has_every_state_and_every_event():
    told = {type(event) for event in EVENTS.values()}

    assert {state.kind for state in STATES.values()} == set(ProcessState)
    assert told == {type(event) for event in lifecycle_diagram.events()}
    assert len(list(cells())) == len(STATES) * len(EVENTS)


@pytest.mark.parametrize(("state", "event", "target"), list(cells()))
def test_every_event_has_its_answer_in_every_state(state, event, target):
    before = in_state(STATES[state])

    after, effects = step(before, EVENTS[event])

    if target == "gone":
        assert list(effects) == [Forget(0)]
    else:
        assert after.state.kind.name == (state if target == "." else target)
        assert not any(isinstance(effect, Forget) for effect in effects)


@pytest.mark.parametrize(("state", "event", "target"), list(cells()))
def test_every_change_of_state_makes_a_new_epoch(state, event, target):
    before = in_state(STATES[state])

    after, _ = step(before, EVENTS[event])

    if after.state.kind is not before.state.kind:
        assert after.epoch > before.epoch
    assert after.epoch >= before.epoch


@pytest.mark.parametrize(("state", "event"), list(product(STATES.values(), LATE)))
def test_late_news_changes_nothing(state, event):
    process = in_state(state)

    after, effects = step(process, event)

    assert after == process
    if isinstance(event, Spawned):
        assert effects == [KillTree(0, OTHER_RUN)]
    else:
        assert effects == []


@pytest.mark.parametrize(
    "event", [StartRequested(), RestartRequested(), StopRequested(), DeleteRequested()]
)
@pytest.mark.parametrize("state", [Starting(), STATES["STOPPING"]])
def test_what_is_being_deleted_takes_no_more_requests(state, event):
    process = in_state(state, wish=Wish.GONE)

    assert step(process, event) == (process, [])


def test_a_process_is_started():
    play = Playbook(a_process())

    play.tell(StartRequested()).expect(Spawn(0, epoch=1)).becomes(Starting())
    play.tell(Spawned(1, RUN)).becomes(Online(RUN))

    process = play.end()
    assert (process.started, process.launch, process.restarts) == (RUN.since, 1, 0)


def test_a_process_is_stopped():
    play = Playbook(in_state(Online(RUN)))

    play.tell(StopRequested()).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.becomes(Stopping(RUN, Cause.STOP_REQUESTED))
    play.tell(ProcessExited(RUN.identity, FAILED)).expect(Sweep(0, RUN, None))
    play.becomes(Stopping(RUN, Cause.STOP_REQUESTED, FAILED))
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Stopped())
    play.tell(GraceElapsed(8, ())).becomes(Stopped())

    process = play.end()
    assert (process.last_exit, process.last_cause) == (FAILED, Cause.STOP_REQUESTED)
    assert process.restarts == 0


def test_a_program_ends_only_once():
    process = in_state(Stopping(RUN, Cause.STOP_REQUESTED, CLEAN))

    assert step(process, ProcessExited(RUN.identity, FAILED)) == (process, [])


def test_the_stop_signal_and_the_grace_are_the_apps_own():
    spec = an_app(stop=StopPolicy(signal="SIGTERM", grace=30.0))
    play = Playbook(in_state(Online(RUN), spec=spec))

    play.tell(StopRequested()).expect(SignalTree(0, RUN, "SIGTERM"), grace(8, 30.0))


def test_a_process_that_ignores_its_stop_signal_is_killed():
    play = Playbook(in_state(Online(RUN)))

    play.tell(StopRequested()).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(GraceElapsed(8, (4711,))).expect(KillTree(0, RUN), grace(9, KILL_PATIENCE))
    play.tell(ProcessExited(RUN.identity, Exit(signal=9))).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Stopped()).end()


def test_a_process_that_survives_sigkill_is_errored_with_its_pids():
    play = Playbook(in_state(Stopping(RUN, Cause.STOP_REQUESTED, killed=True)))

    play.tell(GraceElapsed(EPOCH, (4711, 4712)))

    assert play.becomes(Errored("survived SIGKILL: pid 4711, 4712")).end().wish is Wish.DOWN


def test_a_kill_whose_news_is_slow_is_waited_for():
    killed = Stopping(RUN, Cause.STOP_REQUESTED, killed=True)
    play = Playbook(in_state(killed))

    play.tell(GraceElapsed(EPOCH, ())).expect(grace(EPOCH, KILL_PATIENCE)).becomes(killed).end()


def test_a_delete_that_failed_can_be_asked_for_again():
    state = Stopping(RUN, Cause.STOP_REQUESTED, killed=True)
    play = Playbook(in_state(state, wish=Wish.GONE))

    play.tell(GraceElapsed(EPOCH, (4711,))).becomes(Errored("survived SIGKILL: pid 4711"))
    play.tell(DeleteRequested()).expect(Forget(0)).end()


def test_a_process_that_ends_by_itself_is_started_again():
    play = Playbook(in_state(Online(RUN)))

    play.tell(ProcessExited(RUN.identity, FAILED)).expect(Sweep(0, RUN, "SIGINT"), grace(8))
    play.becomes(Stopping(RUN, Cause.ENDED_BY_ITSELF, FAILED))
    play.tell(SessionEmptied(RUN.identity, later(5))).expect(Spawn(0, epoch=9))

    process = play.becomes(Starting()).end()
    assert (process.restarts, process.ends) == (1, (later(5).monotonic,))
    assert (process.last_exit, process.last_cause) == (FAILED, Cause.ENDED_BY_ITSELF)


def test_what_a_program_leaves_behind_is_ended_before_the_next_start():
    play = Playbook(in_state(Online(RUN)))

    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, "SIGINT"), grace(8))
    play.tell(GraceElapsed(8, (4712,))).expect(KillTree(0, RUN), grace(9, KILL_PATIENCE))
    play.tell(SessionEmptied(RUN.identity, later(60))).expect(Spawn(0, epoch=10))

    assert play.end().ends == (later(60).monotonic,)


def test_a_restart_may_have_to_wait():
    spec = an_app(restart=RestartPolicy(restart_delay=2.0))
    play = Playbook(in_state(Stopping(RUN, Cause.ENDED_BY_ITSELF, CLEAN), spec=spec, wish=Wish.UP))

    play.tell(SessionEmptied(RUN.identity, later(5)))
    play.expect(SetTimer(0, 8, Timer.BACKOFF, 2.0)).becomes(Backoff(later(5), 2.0))
    play.tell(BackoffElapsed(8)).expect(Spawn(0, epoch=9))

    assert play.end().restarts == 1


def test_a_process_that_keeps_failing_is_given_up():
    spec = an_app(restart=RestartPolicy(max_restarts=2))
    ending = Stopping(RUN, Cause.ENDED_BY_ITSELF, FAILED)
    before = in_state(ending, spec=spec, wish=Wish.UP, ends=(NOW.monotonic,))
    play = Playbook(before)

    play.tell(SessionEmptied(RUN.identity, later(5)))

    play.becomes(Errored("ended 2 times within 60 s, at last with exit code 1"))
    play.tell(StartRequested()).expect(Spawn(0, epoch=9))
    assert play.end().ends == ()


def test_a_process_that_has_done_its_work_is_left_alone():
    spec = an_app(restart=RestartPolicy(autorestart=False))
    play = Playbook(in_state(Stopping(RUN, Cause.ENDED_BY_ITSELF, CLEAN), spec=spec, wish=Wish.UP))

    play.tell(SessionEmptied(RUN.identity, later(5))).becomes(Exited()).end()


def test_a_restart_ends_and_starts_anew():
    play = Playbook(in_state(Online(RUN), ends=(1.0,)))

    play.tell(RestartRequested()).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Spawn(0, epoch=9))

    process = play.end()
    assert (process.restarts, process.ends) == (1, ())
    assert process.last_cause is Cause.RESTART_REQUESTED


def test_too_much_memory_ends_and_starts_anew():
    play = Playbook(in_state(Online(RUN)))

    play.tell(MemoryExceeded(RUN.identity)).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Spawn(0, epoch=9))

    process = play.end()
    assert (process.restarts, process.last_cause) == (1, Cause.MEMORY_EXCEEDED)


@pytest.mark.parametrize("cause", [Cause.STOP_REQUESTED, Cause.ENDED_BY_ITSELF])
def test_a_start_during_a_stop_starts(cause):
    play = Playbook(in_state(Stopping(RUN, cause, FAILED)))

    play.tell(StartRequested())
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Spawn(0, epoch=8))

    assert play.end().ends == ()


@pytest.mark.parametrize("cause", list(Cause))
def test_a_stop_during_any_end_stays_down(cause):
    play = Playbook(in_state(Stopping(RUN, cause, FAILED), wish=Wish.UP))

    play.tell(StopRequested())
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Stopped()).end()


def test_a_start_does_not_prolong_the_grace():
    play = Playbook(in_state(Stopping(RUN, Cause.STOP_REQUESTED)))

    play.tell(StartRequested())
    play.tell(GraceElapsed(EPOCH, (4711,))).expect(KillTree(0, RUN), grace(8, KILL_PATIENCE))


def test_a_stop_during_a_start_is_done_when_the_program_is_there():
    play = Playbook(in_state(Starting()))

    play.tell(StopRequested()).becomes(Starting())
    play.tell(Spawned(EPOCH, RUN)).expect(SignalTree(0, RUN, "SIGINT"), grace(8))

    assert play.becomes(Stopping(RUN, Cause.STOP_REQUESTED)).end().started == RUN.since


@pytest.mark.parametrize("transient", [True, False])
def test_a_stop_during_a_start_that_fails_is_a_stop(transient):
    play = Playbook(in_state(Starting(), wish=Wish.DOWN))

    play.tell(SpawnFailed(EPOCH, "no", transient, NOW)).becomes(Stopped()).end()


@pytest.mark.parametrize(("delay", "wait"), [(0.0, SPAWN_RETRY_DELAY), (3.0, 3.0)])
def test_a_machine_short_of_something_is_tried_again(delay, wait):
    spec = an_app(restart=RestartPolicy(restart_delay=delay))
    play = Playbook(in_state(Starting(), spec=spec))

    play.tell(SpawnFailed(EPOCH, "no pids", transient=True, at=NOW))
    play.expect(SetTimer(0, 8, Timer.BACKOFF, wait)).becomes(Backoff(NOW, wait, "no pids"))
    play.tell(BackoffElapsed(8)).expect(Spawn(0, epoch=9))

    assert play.end().restarts == 0


def test_a_program_that_cannot_be_started_is_errored_with_the_reason():
    play = Playbook(in_state(Starting()))

    play.tell(SpawnFailed(EPOCH, "no such file", transient=False, at=NOW))

    play.becomes(Errored("no such file")).end()


def test_a_running_process_is_deleted_when_nothing_of_it_is_left():
    play = Playbook(in_state(Online(RUN)))

    play.tell(DeleteRequested()).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Forget(0)).end()


def test_a_delete_during_a_start_that_fails_forgets():
    play = Playbook(in_state(Starting(), wish=Wish.GONE))

    play.tell(SpawnFailed(EPOCH, "no", transient=False, at=NOW)).expect(Forget(0)).end()


def test_a_reset_only_sets_counters_to_zero():
    before = in_state(Online(RUN), restarts=3, ends=(1.0, 2.0))

    after, effects = step(before, ResetRequested(later(9)))

    assert after == replace(before, restarts=0, ends=(), created=later(9))
    assert effects == []


def test_a_shutdown_ends_what_runs_and_keeps_the_wish():
    play = Playbook(in_state(Online(RUN)))

    play.tell(ShutdownBegan()).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Stopped())

    assert play.end().wish is Wish.UP


@pytest.mark.parametrize("cause", list(Cause))
def test_nothing_is_started_again_during_a_shutdown(cause):
    play = Playbook(in_state(Stopping(RUN, cause, FAILED), wish=Wish.UP))

    play.tell(ShutdownBegan())
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Stopped())

    assert play.end().wish is Wish.UP


def test_a_new_daemon_leaves_what_runs_alone():
    process = in_state(Online(RUN), restarts=3)
    play = Playbook(process)

    play.tell(DaemonStarted(NOW, RUN, rebooted=False)).expect(Watch(0, RUN))

    assert play.end() == process


def test_a_new_daemon_takes_a_program_over_whose_start_was_not_recorded():
    play = Playbook(in_state(Starting()))

    play.tell(DaemonStarted(NOW, RUN, rebooted=False)).expect(Watch(0, RUN)).becomes(Online(RUN))

    assert play.end().started == RUN.since


def test_a_new_daemon_starts_again_what_ended_without_one():
    play = Playbook(in_state(Online(RUN)))

    play.tell(DaemonStarted(NOW, None, rebooted=False, exit=FAILED))
    play.expect(Watch(0, RUN), Sweep(0, RUN, "SIGINT"), grace(8))
    play.tell(SessionEmptied(RUN.identity, later(5))).expect(Spawn(0, epoch=9))

    process = play.end()
    assert (process.restarts, process.last_exit) == (1, FAILED)


@pytest.mark.parametrize("killed", [False, True])
def test_a_new_daemon_carries_a_stop_on(killed):
    play = Playbook(in_state(Stopping(RUN, Cause.STOP_REQUESTED, killed=killed)))

    play.tell(DaemonStarted(NOW, RUN, rebooted=False))
    play.expect(Watch(0, RUN), SignalTree(0, RUN, "SIGINT"), grace(8))

    play.becomes(Stopping(RUN, Cause.STOP_REQUESTED)).end()


@pytest.mark.parametrize(
    ("stored", "seen", "known"),
    [(None, FAILED, FAILED), (CLEAN, UNKNOWN_EXIT, CLEAN), (None, UNKNOWN_EXIT, UNKNOWN_EXIT)],
)
def test_a_new_daemon_looks_for_what_a_stop_left_behind(stored, seen, known):
    play = Playbook(in_state(Stopping(RUN, Cause.STOP_REQUESTED, stored, killed=True)))

    play.tell(DaemonStarted(NOW, None, rebooted=False, exit=seen))
    play.expect(Watch(0, RUN), SignalTree(0, RUN, "SIGINT"), Sweep(0, RUN, None), grace(8))

    play.becomes(Stopping(RUN, Cause.STOP_REQUESTED, known)).end()


@pytest.mark.parametrize("run", [RUN, None])
def test_a_new_daemon_starts_what_the_old_one_died_over_shutting_down(run):
    before = in_state(Stopping(RUN, Cause.DAEMON_SHUT_DOWN), wish=Wish.UP)

    process, _ = step(before, DaemonStarted(NOW, run, rebooted=False))
    process, _ = step(process, ProcessExited(RUN.identity, CLEAN))
    process, effects = step(process, SessionEmptied(RUN.identity, NOW))

    assert effects == [Spawn(0, process.epoch)]
    assert process.restarts == 0


@pytest.mark.parametrize(("passed", "left"), [(0.0, 1.0), (0.25, 0.75), (5.0, 0.0)])
def test_a_new_daemon_waits_for_the_rest_of_a_delay(passed, left):
    process = in_state(Backoff(NOW, 1.0))
    play = Playbook(process)

    play.tell(DaemonStarted(later(passed), None, rebooted=False))
    play.expect(SetTimer(0, EPOCH, Timer.BACKOFF, left))

    assert play.end() == process


@pytest.mark.parametrize(
    "state", [Starting(), Online(RUN), Stopping(RUN, Cause.RESTART_REQUESTED), Backoff(NOW, 1.0)]
)
def test_after_a_reboot_everything_that_was_up_is_started_at_once(state):
    reboot = DaemonStarted(replace(NOW, monotonic=3.0), None, rebooted=True)

    process, effects = step(in_state(state, wish=Wish.UP, ends=(999.0,)), reboot)

    assert effects == [Spawn(0, process.epoch)]
    assert process.ends == ()
    assert process.created == replace(NOW, monotonic=3.0)


@pytest.mark.parametrize("rebooted", [False, True])
def test_a_new_daemon_finishes_a_delete(rebooted):
    process = in_state(Stopped(), wish=Wish.GONE)

    assert step(process, DaemonStarted(NOW, None, rebooted=rebooted)) == (process, [Forget(0)])


def test_no_event_makes_an_impossible_process_of_a_possible_one():
    for process, event in product(lifecycle_diagram.processes(), lifecycle_diagram.events()):
        after, effects = step(process, event)

        forgotten = any(isinstance(effect, Forget) for effect in effects)
        assert forgotten or lifecycle_diagram.is_possible(after), (process, event)


def test_the_diagram_in_the_documentation_is_current():
    document = lifecycle_diagram.DOCUMENT.read_text()

    assert document == lifecycle_diagram.with_diagram(document), (
        "run python -m tests.support.lifecycle_diagram"
    )


# What prevents, holds and triggers.

JOB = Job(Schedule("@daily"))
DUE = NOW.wall + 3600


def a_job(overlap="skip"):
    return an_app(job=replace(JOB, overlap=overlap))


@pytest.mark.parametrize("event", [StartRequested(), RestartRequested(), FellDue(DUE, NOW)])
@pytest.mark.parametrize("state", [Stopped(), Online(RUN), Exited(), Errored("why")])
def test_what_is_blocked_is_started_by_nothing(state, event):
    blocked = in_state(state, wish=Wish.BLOCKED)

    after, effects = step(blocked, event)

    assert (after.state, after.wish, list(effects)) == (state, Wish.BLOCKED, [])


def test_what_runs_when_it_is_blocked_runs_on_and_stays_down_when_it_ends():
    play = Playbook(in_state(Online(RUN)))

    play.tell(BlockRequested()).becomes(Online(RUN))
    play.tell(ProcessExited(RUN.identity, FAILED))
    play.expect(Sweep(0, RUN, "SIGINT"), grace(EPOCH + 1))
    play.tell(SessionEmptied(RUN.identity, later(60))).becomes(Stopped())

    assert play.end().wish is Wish.BLOCKED


def test_a_block_ends_the_wait_for_the_next_start():
    Playbook(in_state(Backoff(NOW, 1.0))).tell(BlockRequested()).becomes(Stopped()).end()


def test_a_block_that_comes_before_the_program_has_started_undoes_the_start():
    play = Playbook(in_state(Starting())).tell(BlockRequested())

    play.tell(Spawned(EPOCH, RUN)).becomes(Stopping(RUN, Cause.STOP_REQUESTED))

    assert play.process.wish is Wish.BLOCKED


def test_a_stop_of_what_is_blocked_ends_it_and_leaves_it_blocked():
    after, _ = step(in_state(Online(RUN), wish=Wish.BLOCKED), StopRequested())

    assert (after.state.kind, after.wish) == (ProcessState.STOPPING, Wish.BLOCKED)


@pytest.mark.parametrize(
    ("state", "wish"),
    [
        (Stopped(), Wish.DOWN),
        (Starting(), Wish.DOWN),
        (Online(RUN), Wish.UP),
        (Exited(), Wish.UP),
    ],
)
def test_an_unblock_starts_nothing_and_keeps_what_runs(state, wish):
    after, effects = step(in_state(state, wish=Wish.BLOCKED), UnblockRequested())

    assert (after.state, after.wish, list(effects)) == (state, wish, [])


def test_a_deleted_process_can_not_be_blocked():
    doomed = in_state(Stopping(RUN, Cause.STOP_REQUESTED), wish=Wish.GONE)

    assert step(doomed, BlockRequested()) == (doomed, [])


@pytest.mark.parametrize("state", [Stopped(), Exited(), Errored("why")])
@pytest.mark.parametrize("overlap", ["skip", "replace", "queue"])
def test_a_job_that_falls_due_at_rest_runs(state, overlap):
    job = in_state(state, spec=a_job(overlap), wish=Wish.UP)

    after, effects = step(job, FellDue(DUE, NOW))

    assert (after.state, after.due, after.wish) == (Starting(), DUE, Wish.UP)
    assert effects == [Spawn(0, after.epoch)]


def test_a_job_that_falls_due_while_it_runs_is_skipped_or_queued_or_replaced():
    running = {
        overlap: step(in_state(Online(RUN), spec=a_job(overlap)), FellDue(DUE, NOW))[0]
        for overlap in ("skip", "queue", "replace")
    }

    assert {overlap: one.due for overlap, one in running.items()} == dict.fromkeys(running, DUE)
    assert (running["skip"].state, running["skip"].queued) == (Online(RUN), False)
    assert (running["queue"].state, running["queue"].queued) == (Online(RUN), True)
    assert running["replace"].state == Stopping(RUN, Cause.SCHEDULED)


def test_a_queued_run_follows_the_one_before_once():
    play = Playbook(in_state(Online(RUN), spec=a_job("queue"), queued=True))

    play.tell(ProcessExited(RUN.identity, CLEAN))
    play.expect(Sweep(0, RUN, "SIGINT"), grace(EPOCH + 1))
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Starting())
    play.expect(Spawn(0, play.process.epoch))

    assert not play.end().queued


def test_a_stop_takes_back_what_is_queued():
    after, _ = step(in_state(Online(RUN), spec=a_job("queue"), queued=True), StopRequested())

    assert not after.queued


def test_a_job_is_left_alone_when_it_took_too_long():
    play = Playbook(in_state(Online(RUN), spec=a_job()))

    play.tell(TimeExceeded(RUN.identity))
    play.expect(SignalTree(0, RUN, "SIGINT"), grace(EPOCH + 1))
    play.tell(ProcessExited(RUN.identity, Exit(signal=2))).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Exited())

    assert play.end().last_cause is Cause.TIMED_OUT


def gone_through(process, *events):
    """Tell what becomes of a process by all of these."""
    for event in events:
        process, _ = step(process, event)
    return process


ENDED = ProcessExited(RUN.identity, Exit(signal=2)), SessionEmptied(RUN.identity, NOW)


@pytest.mark.parametrize(
    ("autorestart", "state", "restarts"), [(True, Starting(), 1), (False, Exited(), 0)]
)
def test_behind_a_run_that_took_too_long_comes_another_where_that_is_declared(
    autorestart, state, restarts
):
    spec = an_app(max_runtime=60.0, restart=RestartPolicy(autorestart=autorestart))

    after = gone_through(in_state(Online(RUN), spec=spec), TimeExceeded(RUN.identity), *ENDED)

    assert (after.state, after.restarts) == (state, restarts)


@pytest.mark.parametrize("spec", [an_app(), a_job()])
def test_what_its_schedule_ends_is_left_alone_until_it_is_wanted_again(spec):
    after = gone_through(in_state(Online(RUN), spec=spec), EndFellDue(RUN.identity), *ENDED)

    assert (after.state, after.last_cause, after.wish) == (Exited(), Cause.END_DUE, Wish.UP)
    assert gone_through(after, StartRequested()).state == Starting()


def test_a_start_while_its_schedule_ends_it_comes_behind_that():
    before = in_state(Online(RUN))

    after = gone_through(before, EndFellDue(RUN.identity), StartRequested(), *ENDED)

    assert after.state == Starting()


@pytest.mark.parametrize("state", [Starting(), Online(RUN), Backoff(NOW, 1.0)])
def test_a_job_that_the_machine_interrupted_is_not_run_again(state):
    after, effects = step(
        in_state(state, spec=a_job(), queued=True), DaemonStarted(NOW, None, rebooted=True)
    )

    assert (after.state, after.queued, list(effects)) == (Exited(), False, [])


def test_a_job_that_the_daemon_ended_is_not_run_again():
    ending = in_state(
        Stopping(RUN, Cause.DAEMON_SHUT_DOWN, CLEAN), spec=a_job(), wish=Wish.UP, queued=True
    )

    after, effects = step(ending, SessionEmptied(RUN.identity, NOW))

    assert (after.state, list(effects)) == (Exited(), [])


def test_a_restart_that_fell_due_long_ago_is_for_older_runs_only():
    late = FellDue(NOW.wall, later(TOO_LATE + 1))
    older = a_run(since=later(-2))

    assert step(in_state(Online(RUN)), late)[0].state == Online(RUN)
    assert step(in_state(Stopped()), late)[0].state == Stopped()
    assert step(in_state(Online(older)), late)[0].state == Stopping(older, Cause.SCHEDULED)


def with_dependency(state, **changes):
    return in_state(state, spec=an_app(depends_on=(Dependency("db"),)), **changes)


@pytest.mark.parametrize("state", [Stopped(), Exited(), Errored("why"), Backoff(NOW, 1.0)])
def test_what_has_dependencies_waits_for_them(state):
    play = Playbook(with_dependency(state, wish=Wish.UP))

    play.tell(StartRequested()).becomes(Stopped())
    assert play.process.wish is Wish.UP

    play.tell(DependenciesMet()).becomes(Starting()).expect(Spawn(0, play.process.epoch))


def test_a_replacement_does_not_wait_for_dependencies():
    new = with_dependency(Stopped(), wish=Wish.UP, replaces=0)

    after, effects = step(new, StartRequested())

    assert (after.state, list(effects)) == (Starting(), [Spawn(0, after.epoch)])


def test_what_has_dependencies_waits_for_them_also_after_a_reboot():
    held = with_dependency(Online(RUN), wish=Wish.UP)

    after, effects = step(held, DaemonStarted(NOW, None, rebooted=True))

    assert (after.state, after.wish, list(effects)) == (Stopped(), Wish.UP, [])


def test_a_crash_does_not_wait_for_dependencies():
    ending = with_dependency(Stopping(RUN, Cause.ENDED_BY_ITSELF, CLEAN), wish=Wish.UP)

    after, _ = step(ending, SessionEmptied(RUN.identity, later(60)))

    assert after.state == Starting()


def test_news_of_dependencies_is_for_what_waits():
    stopped = with_dependency(Stopped(), wish=Wish.DOWN)

    assert step(stopped, DependenciesMet()) == (stopped, [])
    assert step(stopped, DependencyFailed("why")) == (stopped, [])


def test_the_last_words_are_kept_with_the_reason():
    ending = in_state(
        Stopping(RUN, Cause.ENDED_BY_ITSELF, FAILED),
        spec=an_app(restart=RestartPolicy(max_restarts=1)),
        wish=Wish.UP,
    )

    after, _ = step(ending, SessionEmptied(RUN.identity, NOW, ("KeyError: 'PORT'",)))

    assert after.state.last_words == ("KeyError: 'PORT'",)


def test_waits_grow_until_somebody_asks_for_a_start():
    growing = an_app(restart=RestartPolicy(backoff=1.0))
    crashed = in_state(
        Stopping(RUN, Cause.ENDED_BY_ITSELF, FAILED), spec=growing, backoff=4.0, wish=Wish.UP
    )

    after, _ = step(crashed, SessionEmptied(RUN.identity, NOW))
    assert after.backoff == 6.0

    after, _ = step(after, StartRequested())
    assert after.backoff == 0.0


POLICIES = st.builds(
    RestartPolicy,
    autorestart=st.booleans(),
    max_restarts=st.integers(0, 4),
    restart_delay=st.sampled_from([0.0, 1.0]),
    stop_exit_codes=st.sampled_from([frozenset(), frozenset({0})]),
    backoff=st.sampled_from([0.0, 0.5]),
)

JOBS = st.none() | st.sampled_from([replace(JOB, overlap=how) for how in ("queue", "replace")])
DEPENDENCIES = st.sampled_from([(), (Dependency("db"),)])


class Life(RuleBasedStateMachine):
    """Everything that can happen to one process, in any order."""

    @initialize(policy=POLICIES, job=JOBS, depends_on=DEPENDENCIES, told=st.booleans())
    def declared(self, policy, job, depends_on, told):
        ready = Readiness(told=told)
        spec = an_app(restart=policy, job=job, depends_on=depends_on, ready=ready)
        self.world = World(a_process(spec=spec))
        self.epoch = 0

    def on(self, event, die_after=None):
        self.world.happen(event, die_after=die_after)
        if die_after is not None:
            self.world.replace_daemon()

    def programs(self):
        return [tree for tree in self.world.living if tree.leader]

    @rule(
        event=st.sampled_from(
            [
                StartRequested(),
                RestartRequested(),
                StopRequested(),
                ResetRequested(NOW),
                BlockRequested(),
                UnblockRequested(),
                FellDue(DUE, NOW),
                DependenciesMet(),
                DependencyFailed("why"),
            ]
        ),
        die_after=st.sampled_from([None, None, None, 0, 1]),
    )
    def somebody_asks(self, event, die_after):
        self.on(event, die_after)

    @rule(die_after=st.sampled_from([None, None, 0, 1]))
    def somebody_deletes(self, die_after):
        self.on(DeleteRequested(), die_after)

    @rule()
    def the_daemon_shuts_down(self):
        def is_on(*states):
            return not self.world.forgotten and isinstance(self.world.process.state, states)

        for _ in range(10):
            if is_on(Starting, Online, Stopping, Backoff):
                self.world.happen(ShutdownBegan())
                self.world.settle(until=lambda: not is_on(Starting, Stopping))
        assert not self.world.living
        self.world.replace_daemon()

    @rule(kind=st.sampled_from(["obedient", "stubborn", "refused", "short"]))
    def the_next_start_is_of_a_kind(self, kind):
        self.world.next_launch = kind

    @precondition(lambda self: self.world.inbox)
    @rule(die_after=st.sampled_from([None, None, None, None, 0, 1]))
    def news_arrives(self, die_after):
        self.on(self.world.inbox.popleft(), die_after)

    @precondition(lambda self: self.programs())
    @rule(ended=st.sampled_from([CLEAN, FAILED, Exit(signal=11)]), leftover=st.booleans())
    def a_program_ends(self, ended, leftover):
        self.world.end_program(self.programs()[0], ended, leftover=leftover)

    @precondition(lambda self: self.programs())
    @rule()
    def a_program_uses_too_much_memory(self):
        self.world.inbox.append(MemoryExceeded(self.programs()[0].run.identity))

    @precondition(lambda self: self.programs())
    @rule(told=st.booleans())
    def a_program_gets_ready(self, told):
        self.world.inbox.append(BecameReady(self.programs()[0].run.identity, told))

    @precondition(lambda self: self.programs())
    @rule(kind=st.sampled_from([HealthFailed, TimeExceeded, EndFellDue]))
    def a_program_fails_a_check(self, kind):
        self.world.inbox.append(kind(self.programs()[0].run.identity))

    @precondition(lambda self: any(tree.leftover for tree in self.world.living))
    @rule()
    def a_leftover_ends(self):
        tree = next(tree for tree in self.world.living if tree.leftover)
        self.world.end_leftover(tree)

    @precondition(lambda self: self.world.timers)
    @rule(data=st.data())
    def a_timer_comes(self, data):
        index = data.draw(st.integers(0, len(self.world.timers) - 1))
        if self.world.timers[index].seconds == KILL_PATIENCE:
            # Five seconds are enough for what was killed to be known to be dead.
            while self.world.inbox:
                self.world.deliver()
        self.world.fire(min(index, len(self.world.timers) - 1))

    @rule(seconds=st.sampled_from([0.1, 1.0, 100.0]))
    def time_passes(self, seconds):
        self.world.pass_time(seconds)

    @rule(rebooted=st.booleans())
    def the_daemon_dies(self, rebooted):
        self.world.replace_daemon(rebooted=rebooted)

    @invariant()
    def the_process_is_possible(self):
        process = self.world.process
        if self.world.forgotten:
            assert process.wish is Wish.GONE
            return
        assert lifecycle_diagram.is_possible(process)
        assert process.epoch >= self.epoch
        assert process.launch <= process.epoch
        assert process.state != Starting() or process.launch == process.epoch
        assert len(process.ends) <= max(1, process.spec.restart.max_restarts)
        self.epoch = process.epoch

    @invariant()
    def there_is_one_run_at_most_and_none_that_nobody_knows(self):
        assert len(self.world.living) <= 1
        for tree in self.world.living:
            assert not self.world.forgotten
            coming = any(isinstance(e, Spawned) and e.run == tree.run for e in self.world.inbox)
            assert coming or self.world.process.run == tree.run

    @invariant()
    def nobody_waits_for_nothing(self):
        process, timers = self.world.process, self.world.timers
        current = {(timer.timer, timer.epoch) for timer in timers}
        on_the_way = {type(event) for event in self.world.inbox}
        match process.state:
            case Starting(None):
                assert on_the_way & {Spawned, SpawnFailed}
            case Starting():
                assert (Timer.READY, process.epoch) in current or ReadyTimeElapsed in on_the_way
            case Online(run):
                assert self.tree(run).leader or ProcessExited in on_the_way
            case Stopping():
                assert (Timer.GRACE, process.epoch) in current or GraceElapsed in on_the_way
            case Backoff():
                assert (Timer.BACKOFF, process.epoch) in current or BackoffElapsed in on_the_way
            case Stopped() | Exited() | Errored():
                assert not self.world.living

    def tree(self, run) -> Tree:
        return next(tree for tree in self.world.trees if tree.run == run)

    def teardown(self):
        if not hasattr(self, "world"):
            return
        self.world.happen(StopRequested())
        self.world.settle()
        if not self.world.forgotten:
            assert self.world.process.state == Stopped()
        assert not self.world.living

        self.world.happen(DeleteRequested())
        self.world.settle()
        assert self.world.forgotten == 1


def test_whatever_happens_a_process_is_possible_alone_and_can_be_stopped_and_deleted():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_start_comes_up_whatever_was_before_it():
    for state, wish in product(lifecycle_diagram.STATES, (Wish.UP, Wish.DOWN)):
        process = in_state(state, wish=wish)
        world = World(process, trees=[Tree(RUN, EPOCH)] if process.run else [])
        if process.run is None or lifecycle_diagram.is_possible(process):
            world.replace_daemon()
            world.happen(StartRequested())
            world.settle()

            assert isinstance(world.process.state, Online)


TOLD = an_app(ready=Readiness(told=True, timeout=3.0))
WAITING = Starting(RUN)


def waiting(**changes):
    return Playbook(in_state(WAITING, **{"spec": TOLD, **changes}))


def test_what_says_when_it_is_ready_is_starting_until_then():
    play = Playbook(in_state(Starting(), spec=TOLD))

    play.tell(Spawned(EPOCH, RUN)).becomes(WAITING)
    play.expect(AwaitReady(0, RUN), SetTimer(0, EPOCH + 1, Timer.READY, 3.0))
    play.tell(BecameReady(RUN.identity, told=True)).becomes(Online(RUN))

    assert play.end().started == RUN.since


def test_that_it_listens_is_not_that_it_said_so():
    waiting().tell(BecameReady(RUN.identity, told=False)).becomes(WAITING).end()


def test_what_does_not_say_so_in_time_is_up_and_known_not_to_be_ready():
    play = waiting().tell(ReadyTimeElapsed(EPOCH)).becomes(Online(RUN, ready=False))

    play.tell(BecameReady(RUN.identity, told=True)).becomes(Online(RUN)).end()


@pytest.mark.parametrize("event", [StopRequested(), DeleteRequested(), RestartRequested()])
def test_what_is_not_ready_yet_can_be_ended(event):
    play = waiting().tell(event)

    play.expect(SignalTree(0, RUN, "SIGINT"), grace(EPOCH + 1))
    assert isinstance(play.process.state, Stopping)


def test_the_daemon_ends_what_is_not_ready_yet():
    play = waiting().tell(ShutdownBegan())

    play.expect(SignalTree(0, RUN, "SIGINT"), grace(EPOCH + 1))


def test_a_start_leaves_alone_what_is_not_ready_yet():
    waiting().tell(StartRequested()).becomes(WAITING).end()


def test_what_ends_before_it_is_ready_has_ended_like_any_other():
    play = waiting().tell(ProcessExited(RUN.identity, FAILED))

    play.expect(Sweep(0, RUN, "SIGINT"), grace(EPOCH + 1))
    play.becomes(Stopping(RUN, Cause.ENDED_BY_ITSELF, FAILED))


def test_a_new_daemon_goes_on_waiting_for_what_is_not_ready_yet():
    play = waiting().tell(DaemonStarted(NOW, RUN, rebooted=False))

    play.expect(Watch(0, RUN), AwaitReady(0, RUN), SetTimer(0, EPOCH, Timer.READY, 3.0))
    play.becomes(WAITING)


def test_a_new_daemon_notices_that_it_ended_before_it_was_ready():
    play = waiting().tell(DaemonStarted(NOW, None, rebooted=False, exit=FAILED))

    play.expect(Watch(0, RUN), Sweep(0, RUN, "SIGINT"), grace(EPOCH + 1))


@pytest.mark.parametrize("state", [Online(RUN), WAITING, STATES["STOPPING"]])
def test_a_signal_goes_to_the_first_process_and_changes_nothing(state):
    before = in_state(state)

    after, effects = step(before, SignalRequested("SIGUSR2"))

    assert after == before
    assert effects == [SignalFirst(0, RUN, "SIGUSR2")]


def test_a_program_that_has_ended_gets_no_signal():
    ended = in_state(Stopping(RUN, Cause.STOP_REQUESTED, CLEAN))

    assert step(ended, SignalRequested("SIGUSR2")) == (ended, [])


# Replacements: with `replaces`, and a pm_id below zero.


def coming(state, **changes):
    changes = {"pm_id": -1, "replaces": 0, "wish": Wish.UP, **changes}
    return Playbook(in_state(state, **changes))


NODE_CLUSTER = an_app(exec_mode="cluster")
PYTHON = an_app(command=Command("app.py", (), None, ("/usr/bin/python3", "/srv/app.py")))


def test_a_replacement_that_gives_no_sign_is_good_when_it_has_lived_for_a_while():
    play = coming(Starting(), spec=PYTHON)

    play.tell(Spawned(EPOCH, RUN)).becomes(WAITING)
    play.expect(AwaitReady(-1, RUN), SetTimer(-1, EPOCH + 1, Timer.READY, 1.0))
    play.tell(ReadyTimeElapsed(EPOCH + 1)).becomes(Online(RUN)).end()


def test_a_replacement_that_does_not_get_ready_is_ended_and_not_tried_again():
    play = coming(WAITING, spec=TOLD).tell(ReadyTimeElapsed(EPOCH, listeners=False))

    play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(-1, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW))

    reason = play.end().state.reason
    assert reason.startswith("it did not ")
    assert reason.endswith(" within 3 s")


@pytest.mark.parametrize(
    ("changes", "listeners", "patience"),
    [
        ({"spec": NODE_CLUSTER}, True, GRACE),
        ({"spec": PYTHON, "tcp_port": 3000}, False, DRAIN_SECONDS),
    ],
    ids=["shared sockets", "own port"],
)
def test_a_replacement_that_may_have_connections_drains_first(changes, listeners, patience):
    play = coming(WAITING, **changes).tell(ReadyTimeElapsed(EPOCH, listeners))

    play.expect(Drain(-1, RUN), SetTimer(-1, EPOCH + 1, Timer.DRAIN, patience))
    play.tell(Drained(RUN.identity))
    play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 2))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(-1, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW))

    play.becomes(Errored("it did not listen within 3 s")).end()


def test_a_worker_of_node_that_listens_on_nothing_is_good_when_its_time_is_over():
    play = coming(WAITING, spec=NODE_CLUSTER).tell(ReadyTimeElapsed(EPOCH, listeners=False))

    play.becomes(Online(RUN)).end()


@pytest.mark.parametrize("changes", [{"spec": PYTHON, "tcp_port": 3000}, {"spec": NODE_CLUSTER}])
def test_a_replacement_that_listens_is_ready(changes):
    coming(WAITING, **changes).tell(BecameReady(RUN.identity, told=False)).becomes(
        Online(RUN)
    ).end()


def test_a_replacement_that_ends_is_given_up_with_its_exit():
    play = coming(WAITING).tell(ProcessExited(RUN.identity, FAILED))
    play.expect(Sweep(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))

    play.tell(SessionEmptied(RUN.identity, NOW))

    play.becomes(Errored("it ended before it was ready, with exit code 1")).end()


@pytest.mark.parametrize("transient", [True, False])
def test_a_replacement_that_cannot_be_started_is_given_up(transient):
    play = coming(Starting()).tell(SpawnFailed(EPOCH, "no pids", transient=transient, at=NOW))

    play.becomes(Errored("no pids")).end()


@pytest.mark.parametrize("state", [WAITING, Online(RUN)])
def test_a_new_daemon_ends_a_replacement_that_nobody_takes_further(state):
    play = coming(state).tell(DaemonStarted(NOW, RUN, rebooted=False))

    play.expect(Watch(-1, RUN), SignalTree(-1, RUN, "SIGINT"), grace_of_twin(play.process.epoch))
    assert play.end().wish is Wish.GONE


@pytest.mark.parametrize("state", [Starting(), WAITING, Online(RUN)], ids=type)
def test_a_replacement_that_nobody_takes_further_drains_where_it_shares_sockets(state):
    play = coming(state, spec=NODE_CLUSTER).tell(DaemonStarted(NOW, RUN, rebooted=False))

    epoch = play.process.epoch
    play.expect(Watch(-1, RUN), Drain(-1, RUN), SetTimer(-1, epoch, Timer.DRAIN, GRACE))
    assert play.end().wish is Wish.GONE


@pytest.mark.parametrize("cause", [Cause.REPLACED, Cause.NOT_READY])
def test_a_new_daemon_lets_a_run_that_was_left_drain_anew(cause):
    play = Playbook(leaving(Stopping(RUN, cause)))

    play.tell(DaemonStarted(NOW, RUN, rebooted=False))

    play.becomes(Stopping(RUN, cause, draining=True))
    play.expect(Watch(-1, RUN), Drain(-1, RUN), SetTimer(-1, EPOCH + 1, Timer.DRAIN, GRACE))


@pytest.mark.parametrize("state", [Starting(), Errored("why"), Stopped()])
def test_a_new_daemon_forgets_a_replacement_that_does_not_run(state):
    play = coming(state).tell(DaemonStarted(NOW, None, rebooted=False))

    play.expect(Forget(-1))


def leaving(state, **changes):
    changes = {"pm_id": -1, "replaces": 0, "wish": Wish.GONE, "spec": NODE_CLUSTER, **changes}
    return in_state(state, **changes)


DRAINING = Stopping(RUN, Cause.REPLACED, draining=True)


def drained_by(event):
    play = Playbook(leaving(DRAINING)).tell(event)

    play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))
    play.becomes(Stopping(RUN, Cause.REPLACED)).end()


def test_a_program_that_shares_sockets_drains_before_it_is_signalled():
    process, effects = leave(leaving(Online(RUN)), RUN)

    assert process.state == DRAINING
    assert effects == [Drain(-1, RUN), SetTimer(-1, EPOCH + 1, Timer.DRAIN, GRACE)]


def test_when_it_has_drained_it_is_signalled():
    drained_by(Drained(RUN.identity))


def test_when_the_time_for_draining_is_over_it_is_signalled():
    drained_by(DrainTimeElapsed(EPOCH))


def test_a_daemon_that_shuts_down_waits_for_no_drain():
    play = Playbook(leaving(DRAINING)).tell(ShutdownBegan())

    play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))


@pytest.mark.parametrize(
    "event", [StopRequested(), DeleteRequested(), RestartRequested()], ids=type
)
def test_only_whoever_wants_it_down_cuts_a_drain_short(event):
    play = Playbook(leaving(DRAINING)).tell(event)

    if not isinstance(event, RestartRequested):
        play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))
    play.end()


def test_what_is_taken_away_gently_goes_on_draining():
    Playbook(leaving(DRAINING)).tell(DeleteRequested(gently=True)).becomes(DRAINING).end()


@pytest.mark.parametrize(("declared", "seconds"), [(None, DRAIN_SECONDS), (5.0, 5.0)])
def test_a_program_with_a_port_of_its_own_drains_as_long_as_was_declared(declared, seconds):
    spec = replace(PYTHON, stop=StopPolicy(drain=declared))

    process, effects = leave(leaving(Online(RUN), spec=spec, tcp_port=3000), RUN)

    assert process.state == DRAINING
    assert effects == [Drain(-1, RUN), SetTimer(-1, EPOCH + 1, Timer.DRAIN, seconds)]


def test_a_restart_that_is_waited_for_lets_the_run_finish_first():
    play = Playbook(in_state(Online(RUN))).tell(RestartRequested(gently=True))
    play.expect(Drain(0, RUN), SetTimer(0, 8, Timer.DRAIN, GRACE))

    play.tell(Drained(RUN.identity)).expect(SignalTree(0, RUN, "SIGINT"), grace(9))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Spawn(0, epoch=10))

    assert play.end().restarts == 1


def test_what_ends_while_it_drains_has_ended():
    play = Playbook(leaving(DRAINING)).tell(ProcessExited(RUN.identity, CLEAN))
    play.expect(Sweep(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))

    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Forget(-1))


def test_a_program_that_cannot_drain_is_signalled_at_once():
    process, effects = leave(leaving(Online(RUN), spec=PYTHON), RUN)

    assert process.state == Stopping(RUN, Cause.REPLACED)
    assert effects == [SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1)]


@pytest.mark.parametrize(("killed", "seconds"), [(False, GRACE), (True, KILL_PATIENCE)])
def test_what_was_ending_already_when_it_was_replaced_goes_on_ending(killed, seconds):
    ending = Stopping(RUN, Cause.MEMORY_EXCEEDED, killed=killed)

    process, effects = leave(leaving(ending), RUN)

    assert process.state == ending
    assert effects == [grace_of_twin(EPOCH + 1, seconds)]


def test_an_instance_that_is_taken_away_gently_drains_first():
    play = Playbook(in_state(Online(RUN), spec=NODE_CLUSTER))

    play.tell(DeleteRequested(gently=True))

    play.expect(Drain(0, RUN), SetTimer(0, EPOCH + 1, Timer.DRAIN, GRACE))
    play.becomes(Stopping(RUN, Cause.STOP_REQUESTED, draining=True))
    assert play.end().wish is Wish.GONE


@pytest.mark.parametrize("state", [Online(RUN), Starting(), Backoff(NOW, 1.0), Stopped()], ids=type)
def test_a_run_that_could_not_be_recorded_is_taken_up_and_counted(state):
    found = a_run(4800)
    play = Playbook(in_state(state, restarts=2))

    play.tell(DaemonStarted(NOW, found, rebooted=False, launch=20))

    process = play.expect(Watch(0, found)).becomes(Online(found)).end()
    assert (process.launch, process.restarts, process.started) == (20, 3, found.since)
    assert process.epoch > 20


def test_a_run_that_could_not_be_recorded_is_ended_where_it_is_not_wanted():
    found = a_run(4800)
    play = Playbook(in_state(Stopping(RUN, Cause.STOP_REQUESTED), wish=Wish.DOWN))

    play.tell(DaemonStarted(NOW, found, rebooted=False, launch=20))

    play.expect(
        Watch(0, found), SignalTree(0, found, "SIGINT"), SetTimer(0, 22, Timer.GRACE, 1.6)
    ).becomes(Stopping(found, Cause.STOP_REQUESTED))

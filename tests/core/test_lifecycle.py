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

from pmdaemon.core.lifecycle import (
    KILL_PATIENCE,
    SPAWN_RETRY_DELAY,
    BackoffElapsed,
    DaemonStarted,
    DeleteRequested,
    Forget,
    GraceElapsed,
    KillTree,
    MemoryExceeded,
    ProcessExited,
    ResetRequested,
    RestartRequested,
    SessionEmptied,
    SetTimer,
    ShutdownBegan,
    SignalTree,
    Spawn,
    Spawned,
    SpawnFailed,
    StartRequested,
    StopRequested,
    Sweep,
    Timer,
    Watch,
    step,
)
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
from pmdaemon.core.spec import RestartPolicy, StopPolicy
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
found running    STARTING  ONLINE    .         .         .         .         .
found ended      STARTING  STARTING  STOPPING  .         .         .         .
rebooted         STARTING  STARTING  STARTING  STOPPED   STARTING  .         .
"""

EVENTS = {
    "start": StartRequested(),
    "restart": RestartRequested(),
    "stop": StopRequested(),
    "delete": DeleteRequested(),
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


POLICIES = st.builds(
    RestartPolicy,
    autorestart=st.booleans(),
    max_restarts=st.integers(0, 4),
    restart_delay=st.sampled_from([0.0, 1.0]),
    stop_exit_codes=st.sampled_from([frozenset(), frozenset({0})]),
)


class Life(RuleBasedStateMachine):
    """Everything that can happen to one process, in any order."""

    @initialize(policy=POLICIES)
    def declared(self, policy):
        self.world = World(a_process(spec=an_app(restart=policy)))
        self.epoch = 0

    def on(self, event, die_after=None):
        self.world.happen(event, die_after=die_after)
        if die_after is not None:
            self.world.replace_daemon()

    def programs(self):
        return [tree for tree in self.world.living if tree.leader]

    @rule(
        event=st.sampled_from(
            [StartRequested(), RestartRequested(), StopRequested(), ResetRequested(NOW)]
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
            case Starting():
                assert on_the_way & {Spawned, SpawnFailed}
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
            deadline=None,
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

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

from pmdaemon.core.effects import (
    Forget,
    KillTree,
    Timer,
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
from pmdaemon.core.moves import KILL_PATIENCE
from pmdaemon.core.process import (
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
    Dependency,
    Readiness,
    RestartPolicy,
)
from tests.support import lifecycle_diagram
from tests.support.builders import CLEAN, FAILED, NOW, a_process, an_app
from tests.support.lives import DUE, EPOCH, JOB, OTHER_RUN, RUN, in_state
from tests.support.simulated_world import Tree, World

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

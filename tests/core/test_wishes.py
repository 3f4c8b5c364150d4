import pytest
from msgspec.structs import replace

from pmdaemon.core.effects import (
    Drain,
    Forget,
    KillTree,
    SetTimer,
    SignalFirst,
    SignalTree,
    Spawn,
    Sweep,
    Timer,
)
from pmdaemon.core.lifecycle import step
from pmdaemon.core.lifecycle_events import (
    BlockRequested,
    DeleteRequested,
    Drained,
    EndFellDue,
    FellDue,
    GraceElapsed,
    ProcessExited,
    ResetRequested,
    RestartRequested,
    SessionEmptied,
    ShutdownBegan,
    SignalRequested,
    Spawned,
    StartRequested,
    StopRequested,
    UnblockRequested,
)
from pmdaemon.core.moves import KILL_PATIENCE
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exited,
    Online,
    ProcessState,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import (
    StopPolicy,
)
from pmdaemon.core.wishes import TOO_LATE
from tests.support.builders import CLEAN, FAILED, NOW, a_run, an_app, later
from tests.support.lives import (
    DRAINING,
    DUE,
    ENDED,
    EPOCH,
    GRACE,
    NODE_CLUSTER,
    RUN,
    WAITING,
    a_job,
    gone_through,
    grace,
    grace_of_twin,
    in_state,
    leaving,
    waiting,
)
from tests.support.playbook import Playbook


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


def test_the_stop_signal_and_the_grace_are_the_apps_own():
    spec = an_app(stop=StopPolicy(signal="SIGTERM", grace=30.0))
    play = Playbook(in_state(Online(RUN), spec=spec))

    play.tell(StopRequested()).expect(SignalTree(0, RUN, "SIGTERM"), grace(8, 30.0))


def test_a_restart_ends_and_starts_anew():
    play = Playbook(in_state(Online(RUN), ends=(1.0,)))

    play.tell(RestartRequested()).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Spawn(0, epoch=9))

    process = play.end()
    assert (process.restarts, process.ends) == (1, ())
    assert process.last_cause is Cause.RESTART_REQUESTED


@pytest.mark.parametrize("cause", [Cause.STOP_REQUESTED, Cause.ENDED_BY_ITSELF])
@pytest.mark.parametrize(
    ("event", "why"),
    [
        (StartRequested(), Cause.RESTART_REQUESTED),
        (RestartRequested(Cause.FILES_CHANGED), Cause.FILES_CHANGED),
    ],
)
def test_a_start_during_a_stop_starts(cause, event, why):
    play = Playbook(in_state(Stopping(RUN, cause, FAILED)))

    play.tell(event).becomes(Stopping(RUN, why, FAILED))
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


def test_a_running_process_is_deleted_when_nothing_of_it_is_left():
    play = Playbook(in_state(Online(RUN)))

    play.tell(DeleteRequested()).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Forget(0)).end()


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


@pytest.mark.parametrize("event", [StopRequested(), BlockRequested()])
def test_a_stop_or_a_block_takes_back_what_is_queued(event):
    after, _ = step(in_state(Online(RUN), spec=a_job("queue"), queued=True), event)

    assert after.queued is False


def test_a_start_while_its_schedule_ends_it_comes_behind_that():
    before = in_state(Online(RUN))

    after = gone_through(before, EndFellDue(RUN.identity), StartRequested(), *ENDED)

    assert after.state == Starting()


def test_a_restart_that_fell_due_long_ago_is_for_older_runs_only():
    late = FellDue(NOW.wall, later(TOO_LATE + 1))
    older = a_run(since=later(-2))

    assert step(in_state(Online(RUN)), late)[0].state == Online(RUN)
    assert step(in_state(Stopped()), late)[0].state == Stopped()
    in_time = FellDue(NOW.wall, later(TOO_LATE))
    assert step(in_state(Stopped()), in_time)[0].state == Starting()
    assert step(in_state(Online(older)), late)[0].state == Stopping(older, Cause.SCHEDULED)


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


@pytest.mark.parametrize("state", [Online(RUN), WAITING, Stopping(RUN, Cause.STOP_REQUESTED)])
def test_a_signal_goes_to_the_first_process_and_changes_nothing(state):
    before = in_state(state)

    after, effects = step(before, SignalRequested("SIGUSR2"))

    assert after == before
    assert effects == [SignalFirst(0, RUN, "SIGUSR2")]


def test_a_program_that_has_ended_gets_no_signal():
    ended = in_state(Stopping(RUN, Cause.STOP_REQUESTED, CLEAN))

    assert step(ended, SignalRequested("SIGUSR2")) == (ended, [])


def test_a_daemon_that_shuts_down_waits_for_no_drain():
    play = Playbook(leaving(DRAINING)).tell(ShutdownBegan())

    play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))
    play.becomes(Stopping(RUN, Cause.DAEMON_SHUT_DOWN))


@pytest.mark.parametrize(
    "event", [StopRequested(), DeleteRequested(), RestartRequested()], ids=type
)
def test_only_whoever_wants_it_down_cuts_a_drain_short(event):
    play = Playbook(leaving(DRAINING)).tell(event)

    if not isinstance(event, RestartRequested):
        play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))
        play.becomes(Stopping(RUN, Cause.REPLACED))
    play.end()


def test_what_is_taken_away_gently_goes_on_draining():
    Playbook(leaving(DRAINING)).tell(DeleteRequested(gently=True)).becomes(DRAINING).end()


def test_a_restart_that_is_waited_for_lets_the_run_finish_first():
    play = Playbook(in_state(Online(RUN))).tell(RestartRequested(gently=True))
    play.expect(Drain(0, RUN), SetTimer(0, 8, Timer.DRAIN, GRACE))
    play.becomes(Stopping(RUN, Cause.RESTART_REQUESTED, draining=True))
    assert play.process.last_cause is Cause.RESTART_REQUESTED

    play.tell(Drained(RUN.identity)).expect(SignalTree(0, RUN, "SIGINT"), grace(9))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Spawn(0, epoch=10))

    assert play.end().restarts == 1


def test_an_instance_that_is_taken_away_gently_drains_first():
    play = Playbook(in_state(Online(RUN), spec=NODE_CLUSTER))

    play.tell(DeleteRequested(gently=True))

    play.expect(Drain(0, RUN), SetTimer(0, EPOCH + 1, Timer.DRAIN, GRACE))
    play.becomes(Stopping(RUN, Cause.STOP_REQUESTED, draining=True))
    assert play.end().wish is Wish.GONE

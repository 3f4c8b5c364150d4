import pytest

from pmdaemon.core.effects import (
    Forget,
    KillTree,
    SetTimer,
    SignalTree,
    Spawn,
    Sweep,
    Timer,
)
from pmdaemon.core.lifecycle import step
from pmdaemon.core.lifecycle_events import (
    BackoffElapsed,
    DeleteRequested,
    Drained,
    DrainTimeElapsed,
    EndFellDue,
    FellDue,
    GraceElapsed,
    HealthFailed,
    MemoryExceeded,
    ProcessExited,
    SessionEmptied,
    StartRequested,
    StopRequested,
    TimeExceeded,
)
from pmdaemon.core.moves import KILL_PATIENCE
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Online,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import (
    HealthCheck,
    RestartPolicy,
)
from tests.support.builders import CLEAN, FAILED, NOW, an_app, later
from tests.support.lives import (
    DRAINING,
    DUE,
    ENDED,
    EPOCH,
    PYTHON,
    RUN,
    TOLD,
    WAITING,
    a_job,
    coming,
    gone_through,
    grace,
    grace_of_twin,
    in_state,
    leaving,
    waiting,
    with_dependency,
)
from tests.support.playbook import Playbook


def test_a_program_ends_only_once():
    process = in_state(Stopping(RUN, Cause.STOP_REQUESTED, CLEAN))

    assert step(process, ProcessExited(RUN.identity, FAILED)) == (process, [])


def test_a_process_that_ignores_its_stop_signal_is_killed():
    play = Playbook(in_state(Online(RUN)))

    play.tell(StopRequested()).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(GraceElapsed(8, (4711,))).expect(KillTree(0, RUN), grace(9, KILL_PATIENCE))
    play.tell(ProcessExited(RUN.identity, Exit(signal=9))).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Stopped()).end()


@pytest.mark.parametrize("wish", [Wish.DOWN, Wish.UP, Wish.BLOCKED])
def test_a_process_that_survives_sigkill_is_errored_with_its_pids(wish):
    play = Playbook(in_state(Stopping(RUN, Cause.STOP_REQUESTED, killed=True), wish=wish))

    play.tell(GraceElapsed(EPOCH, (4711, 4712)))

    assert play.becomes(Errored("survived SIGKILL: pid 4711, 4712")).end().wish is wish


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

    play.becomes(Errored("ended 2 times within 60 s, the last time with exit code 1"))
    assert play.process.ends == (NOW.monotonic, later(5).monotonic)
    play.tell(StartRequested()).expect(Spawn(0, epoch=9))
    assert play.end().ends == ()


def test_a_process_that_has_done_its_work_is_left_alone():
    spec = an_app(restart=RestartPolicy(autorestart=False))
    play = Playbook(in_state(Stopping(RUN, Cause.ENDED_BY_ITSELF, CLEAN), spec=spec, wish=Wish.UP))

    play.tell(SessionEmptied(RUN.identity, later(5))).becomes(Exited()).end()


@pytest.mark.parametrize(
    ("found_out", "cause"),
    [
        (MemoryExceeded(RUN.identity), Cause.MEMORY_EXCEEDED),
        (HealthFailed(RUN.identity), Cause.UNHEALTHY),
    ],
)
def test_what_is_found_out_about_it_ends_it_and_it_starts_anew(found_out, cause):
    play = Playbook(in_state(Online(RUN)))

    play.tell(found_out).expect(SignalTree(0, RUN, "SIGINT"), grace(8))
    play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Spawn(0, epoch=9))

    process = play.end()
    assert (process.restarts, process.last_cause) == (1, cause)


def test_a_queued_run_follows_the_one_before_once():
    play = Playbook(in_state(Online(RUN), spec=a_job("queue"), queued=True))

    play.tell(ProcessExited(RUN.identity, CLEAN))
    play.expect(Sweep(0, RUN, "SIGINT"), grace(EPOCH + 1))
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Starting())
    play.expect(Spawn(0, play.process.epoch))

    assert play.end().queued is False


def test_a_job_is_left_alone_when_it_took_too_long():
    play = Playbook(in_state(Online(RUN), spec=a_job()))

    play.tell(TimeExceeded(RUN.identity))
    play.expect(SignalTree(0, RUN, "SIGINT"), grace(EPOCH + 1))
    play.tell(ProcessExited(RUN.identity, Exit(signal=2))).expect(Sweep(0, RUN, None))
    play.tell(SessionEmptied(RUN.identity, NOW)).becomes(Exited())

    assert play.end().last_cause is Cause.TIMED_OUT


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


def test_a_job_that_the_daemon_ended_is_not_run_again():
    ending = in_state(
        Stopping(RUN, Cause.DAEMON_SHUT_DOWN, CLEAN), spec=a_job(), wish=Wish.UP, queued=True
    )

    after, effects = step(ending, SessionEmptied(RUN.identity, NOW))

    assert (after.state, list(effects)) == (Exited(), [])


def test_a_crash_does_not_wait_for_dependencies():
    ending = with_dependency(Stopping(RUN, Cause.ENDED_BY_ITSELF, CLEAN), wish=Wish.UP)

    after, _ = step(ending, SessionEmptied(RUN.identity, later(60)))

    assert after.state == Starting()


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


def test_what_ends_before_it_is_ready_has_ended_like_any_other():
    play = waiting().tell(ProcessExited(RUN.identity, FAILED))

    play.expect(Sweep(0, RUN, "SIGINT"), grace(EPOCH + 1))
    play.becomes(Stopping(RUN, Cause.ENDED_BY_ITSELF, FAILED))


def test_a_replacement_that_ends_is_given_up_with_its_exit():
    play = coming(WAITING).tell(ProcessExited(RUN.identity, FAILED))
    play.expect(Sweep(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))

    play.tell(SessionEmptied(RUN.identity, NOW))

    play.becomes(Errored("it ended before it was ready, with exit code 1")).end()


def drained_by(event):
    play = Playbook(leaving(DRAINING)).tell(event)

    play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))
    play.becomes(Stopping(RUN, Cause.REPLACED)).end()


def test_when_it_has_drained_it_is_signalled():
    drained_by(Drained(RUN.identity))


def test_when_the_time_for_draining_is_over_it_is_signalled():
    drained_by(DrainTimeElapsed(EPOCH))


def test_what_ends_while_it_drains_has_ended():
    play = Playbook(leaving(DRAINING)).tell(ProcessExited(RUN.identity, CLEAN))
    play.expect(Sweep(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))
    assert play.becomes(Stopping(RUN, Cause.REPLACED, CLEAN)).end().last_exit == CLEAN

    play.tell(SessionEmptied(RUN.identity, NOW)).expect(Forget(-1))


def test_a_job_that_fell_due_while_it_was_stopped_runs_behind_that():
    stopping = in_state(Stopping(RUN, Cause.STOP_REQUESTED), spec=a_job("queue"))
    assert stopping.wish is Wish.DOWN

    after = gone_through(stopping, FellDue(DUE, NOW), *ENDED)

    assert (after.state, after.wish) == (Starting(), Wish.UP)


@pytest.mark.parametrize(
    ("changes", "verb"),
    [
        ({"spec": TOLD}, "say that it is ready"),
        ({"spec": an_app(health=HealthCheck("command", "true"))}, "pass its health check"),
        ({"spec": PYTHON, "tcp_port": 3000}, "listen"),
    ],
)
def test_a_replacement_that_was_not_ready_is_given_up_with_what_it_did_not_do(changes, verb):
    ending = Stopping(RUN, Cause.NOT_READY, CLEAN)
    play = coming(ending, **changes).tell(SessionEmptied(RUN.identity, NOW, ("last", "words")))

    play.becomes(Errored(f"it did not {verb} within 3 s", ("last", "words"))).end()

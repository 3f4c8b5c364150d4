import pytest
from msgspec.structs import replace

from pmdaemon.core.effects import (
    AwaitReady,
    Drain,
    Forget,
    SetTimer,
    SignalTree,
    Spawn,
    Sweep,
    Timer,
    Watch,
)
from pmdaemon.core.lifecycle import step
from pmdaemon.core.lifecycle_events import (
    DaemonStarted,
    ProcessExited,
    SessionEmptied,
)
from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Backoff,
    Cause,
    Errored,
    Exited,
    Online,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from tests.support.builders import CLEAN, FAILED, NOW, a_run, later
from tests.support.lives import (
    EPOCH,
    GRACE,
    NODE_CLUSTER,
    RUN,
    WAITING,
    a_job,
    coming,
    grace,
    grace_of_twin,
    in_state,
    leaving,
    waiting,
    with_dependency,
)
from tests.support.playbook import Playbook


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

    assert play.becomes(Stopping(RUN, Cause.STOP_REQUESTED, known)).end().last_exit == known


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
    reboot = DaemonStarted(replace(later(60), monotonic=3.0), None, rebooted=True)

    process, effects = step(in_state(state, wish=Wish.UP, ends=(999.0,)), reboot)

    assert effects == [Spawn(0, process.epoch)]
    assert process.ends == ()
    assert process.created == replace(NOW, monotonic=3.0)


@pytest.mark.parametrize("rebooted", [False, True])
def test_a_new_daemon_finishes_a_delete(rebooted):
    process = in_state(Stopped(), wish=Wish.GONE)

    assert step(process, DaemonStarted(NOW, None, rebooted=rebooted)) == (process, [Forget(0)])


@pytest.mark.parametrize("state", [Starting(), Online(RUN), Backoff(NOW, 1.0)])
def test_a_job_that_the_machine_interrupted_is_not_run_again(state):
    after, effects = step(
        in_state(state, spec=a_job(), queued=True), DaemonStarted(NOW, None, rebooted=True)
    )

    assert (after.state, after.queued, list(effects)) == (Exited(), False, [])


def test_what_has_dependencies_waits_for_them_also_after_a_reboot():
    held = with_dependency(Online(RUN), wish=Wish.UP)

    after, effects = step(held, DaemonStarted(NOW, None, rebooted=True))

    assert (after.state, after.wish, list(effects)) == (Stopped(), Wish.UP, [])


def test_a_new_daemon_goes_on_waiting_for_what_is_not_ready_yet():
    play = waiting().tell(DaemonStarted(NOW, RUN, rebooted=False))

    play.expect(Watch(0, RUN), AwaitReady(0, RUN), SetTimer(0, EPOCH, Timer.READY, 3.0))
    play.becomes(WAITING)


def test_a_new_daemon_notices_that_it_ended_before_it_was_ready():
    play = waiting().tell(DaemonStarted(NOW, None, rebooted=False, exit=FAILED))

    play.expect(Watch(0, RUN), Sweep(0, RUN, "SIGINT"), grace(EPOCH + 1))


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


@pytest.mark.parametrize("state", [Online(RUN), WAITING])
def test_after_a_reboot_it_is_known_since_when_the_lost_run_was(state):
    process, _ = step(in_state(state), DaemonStarted(NOW, None, rebooted=True))

    assert process.started == RUN.since


@pytest.mark.parametrize("state", [Online(RUN), Stopping(RUN, Cause.RESTART_REQUESTED)])
def test_of_a_job_that_the_machine_interrupted_it_is_not_known_how_it_ended(state):
    before = in_state(state, spec=a_job(), wish=Wish.UP, last_exit=CLEAN)

    after, _ = step(before, DaemonStarted(NOW, None, rebooted=True))

    assert (after.started, after.last_exit) == (RUN.since, UNKNOWN_EXIT)


def test_a_reboot_finishes_the_delete_of_a_job():
    doomed = in_state(Stopped(), spec=a_job(), wish=Wish.GONE)

    assert step(doomed, DaemonStarted(NOW, None, rebooted=True))[1] == [Forget(0)]


def test_a_new_daemon_looks_for_what_an_ended_replacement_left_behind():
    play = coming(Online(RUN)).tell(DaemonStarted(NOW, None, rebooted=False, exit=FAILED))

    epoch = play.process.epoch
    play.expect(
        Watch(-1, RUN),
        SignalTree(-1, RUN, "SIGINT"),
        Sweep(-1, RUN, None),
        grace_of_twin(epoch),
    )
    play.becomes(Stopping(RUN, Cause.NOT_READY, FAILED)).end()

import pytest

from pmdaemon.core.coming_up import SPAWN_RETRY_DELAY
from pmdaemon.core.effects import (
    AwaitReady,
    Drain,
    Forget,
    SetTimer,
    SignalTree,
    Spawn,
    Sweep,
    Timer,
)
from pmdaemon.core.lifecycle import step
from pmdaemon.core.lifecycle_events import (
    BackoffElapsed,
    BecameReady,
    DependenciesMet,
    DependencyFailed,
    Drained,
    ProcessExited,
    ReadyTimeElapsed,
    SessionEmptied,
    Spawned,
    SpawnFailed,
    StartRequested,
    StopRequested,
)
from pmdaemon.core.moves import DRAIN_SECONDS
from pmdaemon.core.process import (
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
from pmdaemon.core.spec import (
    RestartPolicy,
)
from tests.support.builders import CLEAN, NOW, a_process, an_app
from tests.support.lives import (
    EPOCH,
    GRACE,
    NODE_CLUSTER,
    OTHER_RUN,
    PYTHON,
    RUN,
    TOLD,
    WAITING,
    coming,
    grace,
    grace_of_twin,
    in_state,
    waiting,
    with_dependency,
)
from tests.support.playbook import Playbook


def test_a_process_is_started():
    play = Playbook(a_process())

    play.tell(StartRequested()).expect(Spawn(0, epoch=1)).becomes(Starting())
    play.tell(Spawned(1, RUN)).becomes(Online(RUN))

    process = play.end()
    assert (process.started, process.launch, process.restarts) == (RUN.since, 1, 0)


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


def test_a_delete_during_a_start_that_fails_forgets():
    play = Playbook(in_state(Starting(), wish=Wish.GONE))

    play.tell(SpawnFailed(EPOCH, "no", transient=False, at=NOW)).expect(Forget(0)).end()


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


def test_news_of_dependencies_is_for_what_waits():
    stopped = with_dependency(Stopped(), wish=Wish.DOWN)

    assert step(stopped, DependenciesMet()) == (stopped, [])
    assert step(stopped, DependencyFailed("why")) == (stopped, [])


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


@pytest.mark.parametrize("transient", [True, False])
def test_a_replacement_that_cannot_be_started_is_given_up(transient):
    play = coming(Starting()).tell(SpawnFailed(EPOCH, "no pids", transient=transient, at=NOW))

    play.becomes(Errored("no pids")).end()


def test_what_waits_for_somebody_who_will_not_come_is_given_up_with_the_reason():
    play = Playbook(with_dependency(Stopped(), wish=Wish.UP))

    play.tell(DependencyFailed("db was given up")).becomes(Errored("db was given up")).end()


def test_a_wait_for_others_is_no_change_of_state_for_what_is_stopped():
    play = Playbook(with_dependency(Stopped(), wish=Wish.UP))

    assert play.tell(StartRequested()).end().epoch == EPOCH


def test_a_replacement_that_is_not_wanted_any_more_when_it_has_started_is_ended():
    play = coming(Starting(), wish=Wish.GONE).tell(Spawned(EPOCH, RUN))

    play.expect(SignalTree(-1, RUN, "SIGINT"), grace_of_twin(EPOCH + 1))
    play.becomes(Stopping(RUN, Cause.NOT_READY)).end()


@pytest.mark.parametrize(
    "news", [BecameReady(RUN.identity, told=False), BecameReady(OTHER_RUN.identity, told=True)]
)
def test_what_is_late_becomes_ready_by_its_own_word_only(news):
    late = Online(RUN, ready=False)

    Playbook(in_state(late, spec=TOLD)).tell(news).becomes(late).end()

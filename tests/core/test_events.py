import pytest
from msgspec.structs import replace

from pmdaemon.core.events import EventKind, ProcessEvent, events_between, health_event
from pmdaemon.core.health import Health, HealthStatus, ProbeResult
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
)
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run, an_app

E = EventKind
RUN, NEXT_RUN = a_run(100), a_run(101)
UP = a_process(state=Online(RUN), started=NOW)


def kinds(before, after):
    return [event.kind for event in events_between(before, after)]


def ending(cause=Cause.ENDED_BY_ITSELF, how=None, **changes):
    return replace(UP, state=Stopping(RUN, cause, how), last_cause=cause, last_exit=how, **changes)


def test_a_process_is_added_and_deleted():
    new = a_process()

    assert kinds(None, new) == [E.ADDED]
    assert kinds(new, None) == [E.DELETED]
    assert kinds(None, None) == []


def test_a_program_that_runs_was_started():
    (event,) = events_between(a_process(state=Starting()), UP)

    assert (event.kind, event.pid) == (E.STARTED, 100)


@pytest.mark.parametrize(
    ("how", "kind"), [(FAILED, E.CRASHED), (Exit(signal=9), E.CRASHED), (CLEAN, E.EXITED)]
)
def test_an_end_of_its_own_is_a_crash_unless_it_was_a_success(how, kind):
    (event,) = events_between(UP, ending(how=how))

    assert (event.kind, event.pid, event.exit) == (kind, 100, how)


def test_an_end_that_nobody_saw_is_a_crash():
    assert kinds(UP, ending(how=Exit())) == [E.CRASHED]


def test_an_end_that_was_asked_for_is_no_crash():
    asked = ending(Cause.STOP_REQUESTED)
    killed = ending(Cause.STOP_REQUESTED, Exit(signal=9))

    assert kinds(UP, asked) == []
    (event,) = events_between(asked, killed)
    assert (event.kind, event.cause) == (E.EXITED, Cause.STOP_REQUESTED)
    assert kinds(killed, replace(killed, state=Stopped())) == [E.STOPPED]


def test_an_end_is_told_once():
    ended = ending(how=FAILED)

    assert kinds(ended, replace(ended, state=Backoff(NOW, 1.0), restarts=1)) == [E.RESTARTED]
    assert kinds(ended, replace(ended, state=Exited())) == []


def test_a_crash_and_the_restart_after_it_may_come_at_once():
    again = replace(ending(how=FAILED), state=Starting(), restarts=1)

    assert kinds(UP, again) == [E.CRASHED, E.RESTARTED]


def test_a_program_that_ended_before_anybody_looked_was_started_first():
    ended = replace(ending(how=FAILED), epoch=3)

    assert kinds(a_process(state=Starting()), ended) == [E.STARTED, E.CRASHED]


def test_a_restart_that_was_asked_for_ends_one_run_and_starts_another():
    asked = ending(Cause.RESTART_REQUESTED, restarts=1)
    gone = replace(asked, state=Starting(), last_exit=CLEAN)

    assert kinds(UP, asked) == [E.RESTARTED]
    assert kinds(asked, gone) == [E.EXITED]
    assert kinds(gone, replace(gone, state=Online(NEXT_RUN))) == [E.STARTED]


def test_too_much_memory_is_told_each_time():
    first = ending(Cause.MEMORY_EXCEEDED, restarts=1)
    up_again = replace(first, state=Online(NEXT_RUN))
    second = replace(up_again, state=Stopping(NEXT_RUN, Cause.MEMORY_EXCEEDED), restarts=2)

    assert kinds(UP, first) == [E.MEMORY_EXCEEDED, E.RESTARTED]
    assert events_between(UP, first)[0].pid == RUN.identity.pid
    assert kinds(first, replace(first, last_exit=CLEAN, state=Starting())) == [E.EXITED]
    assert kinds(up_again, second) == [E.MEMORY_EXCEEDED, E.RESTARTED]


@pytest.mark.parametrize(
    ("cause", "kind"),
    [(Cause.UNHEALTHY, E.HEALTH_FAILED), (Cause.TIMED_OUT, E.TIME_EXCEEDED)],
)
def test_a_run_that_is_cut_short_says_why(cause, kind):
    ended = ending(cause)

    assert kinds(UP, ended) == [kind]
    assert kinds(ended, replace(ended, state=Stopping(RUN, cause, killed=True))) == []


def test_a_run_that_is_cut_short_before_anybody_saw_it_says_why_too():
    assert kinds(a_process(state=Starting()), ending(Cause.MEMORY_EXCEEDED)) == [
        E.MEMORY_EXCEEDED,
        E.STARTED,
    ]


def test_a_crash_after_too_much_memory_is_only_a_crash():
    up_again = a_process(state=Online(NEXT_RUN), last_cause=Cause.MEMORY_EXCEEDED, restarts=1)
    crashed = replace(
        up_again,
        state=Stopping(NEXT_RUN, Cause.ENDED_BY_ITSELF, FAILED),
        last_cause=Cause.ENDED_BY_ITSELF,
        last_exit=FAILED,
    )

    assert kinds(up_again, crashed) == [E.CRASHED]


def test_what_was_given_up_says_why():
    ended = ending(how=FAILED)

    (event,) = events_between(ended, replace(ended, state=Errored("ended 16 times")))

    assert (event.kind, event.reason) == (E.ERRORED, "ended 16 times")
    given_up = a_process(state=Errored("no such file"))
    assert kinds(given_up, replace(given_up, restarts=0, ends=(1.0,))) == []


def test_what_does_not_concern_anybody_is_no_event():
    assert kinds(UP, replace(UP, ends=(1.0,))) == []
    assert kinds(a_process(), replace(a_process(), state=Starting())) == []
    assert kinds(UP, replace(UP, restarts=0)) == []


def test_an_event_names_its_process_and_holds_no_declaration():
    (event,) = events_between(None, a_process(pm_id=7, spec=an_app(namespace="shop")))

    assert event == ProcessEvent(
        kind=E.ADDED, pm_id=7, name="web", namespace="shop", instance=0, restarts=0
    )


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, E.UNHEALTHY),
        (HealthStatus.STARTING, HealthStatus.UNHEALTHY, E.UNHEALTHY),
        (HealthStatus.UNHEALTHY, HealthStatus.HEALTHY, E.HEALTHY),
        (HealthStatus.STARTING, HealthStatus.HEALTHY, E.HEALTHY),
    ],
)
def test_a_change_of_health_is_an_event(before, after, kind):
    found = ProbeResult(False, "HTTP status 500", 0.1)

    event = health_event(UP, Health(before), Health(after, 3, found, NOW))

    assert event is not None
    assert (event.kind, event.pid, event.name) == (kind, 100, "web")
    assert event.reason == ("HTTP status 500" if kind is E.UNHEALTHY else None)


def test_health_that_stays_or_begins_anew_is_none():
    for status in HealthStatus:
        assert health_event(UP, Health(status), Health(status)) is None
        assert health_event(UP, Health(status), Health(HealthStatus.STARTING)) is None


def test_bad_health_without_a_probe_has_no_reason():
    event = health_event(UP, Health(), Health(HealthStatus.UNHEALTHY))

    assert event is not None
    assert event.reason is None

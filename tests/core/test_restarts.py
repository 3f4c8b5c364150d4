import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmdaemon.core.process import UNKNOWN_EXIT, Cause, Errored, Exit, Exited, Stopping
from pmdaemon.core.restarts import (
    BACKOFF_LIMIT,
    BACKOFF_RESET,
    JITTER,
    GiveUp,
    LeaveAlone,
    StartAgain,
    decide,
    is_exhausted,
    next_backoff,
    window,
)
from pmdaemon.core.spec import Job, RestartPolicy, Schedule
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run, an_app, later

AT = NOW.monotonic


def decision(uptime, ended, policy=RestartPolicy(), *, ends=(), killed=False, **changes):  # noqa: B008 - it is frozen
    process = a_process(spec=an_app(restart=policy), ends=ends, **changes)
    run = a_run(since=later(-uptime))
    return decide(process, Stopping(run, Cause.ENDED_BY_ITSELF, ended, killed), NOW)


@pytest.mark.parametrize(
    ("uptime", "ended", "killed", "counts"),
    [
        (0.5, FAILED, False, True),
        (0.5, CLEAN, False, True),
        (0.5, UNKNOWN_EXIT, False, True),
        (1.0, CLEAN, False, False),
        (3600, CLEAN, False, False),
        (3600, CLEAN, True, True),
        (3600, FAILED, False, True),
        (3600, Exit(signal=11), False, True),
        (3600, UNKNOWN_EXIT, False, True),
    ],
)
def test_a_failure_or_an_early_end_or_a_stubborn_leftover_counts(uptime, ended, killed, counts):
    assert decision(uptime, ended, killed=killed) == StartAgain(0.0, (AT,) if counts else ())


@pytest.mark.parametrize("ended", [CLEAN, FAILED, UNKNOWN_EXIT])
def test_without_autorestart_it_is_left_alone(ended):
    assert decision(5, ended, RestartPolicy(autorestart=False)) == LeaveAlone()


@pytest.mark.parametrize(
    ("ended", "left_alone"),
    [
        (Exit(code=0), True),
        (Exit(code=3), True),
        (Exit(code=1), False),
        (Exit(signal=3), False),
        (UNKNOWN_EXIT, False),
    ],
)
def test_an_exit_code_may_be_final(ended, left_alone):
    policy = RestartPolicy(stop_exit_codes=frozenset({0, 3}))

    assert (decision(5, ended, policy) == LeaveAlone()) is left_alone


def test_the_next_start_waits_for_the_delay():
    assert decision(5, CLEAN, RestartPolicy(restart_delay=2.5)) == StartAgain(2.5, ())


def test_as_many_ends_as_allowed_are_too_many():
    policy = RestartPolicy(max_restarts=3)

    assert decision(5, FAILED, policy, ends=(AT - 2,)) == StartAgain(0.0, (AT - 2, AT))
    assert decision(5, FAILED, policy, ends=(AT - 2, AT - 1)) == GiveUp(
        "ended 3 times within 60 s, at last with exit code 1", (AT - 2, AT - 1, AT)
    )


def test_ends_before_the_window_are_forgotten():
    policy = RestartPolicy(max_restarts=3)
    old = (AT - 100, AT - 60)

    assert decision(5, FAILED, policy, ends=old) == StartAgain(0.0, (AT,))
    assert decision(5, CLEAN, policy, ends=old) == StartAgain(0.0, ())


def test_a_good_end_is_never_the_one_too_many():
    assert decision(5, CLEAN, RestartPolicy(max_restarts=1), ends=()) == StartAgain(0.0, ())


@pytest.mark.parametrize(
    ("min_uptime", "max_restarts", "seconds"), [(1.0, 16, 60.0), (10.0, 16, 160.0), (0.0, 16, 60.0)]
)
def test_the_window_follows_the_policy_and_is_at_least_a_minute(min_uptime, max_restarts, seconds):
    assert window(RestartPolicy(min_uptime=min_uptime, max_restarts=max_restarts)) == seconds


@given(
    uptime=st.floats(0.0, 3.0),
    ended=st.sampled_from([FAILED, UNKNOWN_EXIT, Exit(signal=9)]),
    policy=st.builds(
        RestartPolicy, max_restarts=st.integers(1, 16), min_uptime=st.floats(0.0, 100.0)
    ),
)
def test_an_app_that_fails_every_few_seconds_is_given_up(uptime, ended, policy):
    ends, now = (), NOW

    for left in reversed(range(policy.max_restarts)):
        process = a_process(spec=an_app(restart=policy), ends=ends)
        run, now = a_run(since=now), later(uptime, now)
        outcome = decide(process, Stopping(run, Cause.ENDED_BY_ITSELF, ended), now)
        ends = outcome.ends

        assert isinstance(outcome, StartAgain if left else GiveUp)


def test_a_job_is_left_alone_whatever_it_said():
    process = a_process(spec=an_app(job=Job(Schedule("@daily"))))

    assert decide(process, Stopping(a_run(), Cause.ENDED_BY_ITSELF, FAILED), NOW) == LeaveAlone()


GROWING = RestartPolicy(backoff=0.1)


def test_a_series_of_waits_begins_with_the_first_and_grows_by_half_up_to_a_minute():
    waits = [0.0]
    while len(waits) < 30:
        waits.append(next_backoff(GROWING, waits[-1]))

    assert waits[1:4] == pytest.approx([0.1, 0.15, 0.225])
    assert waits[-1] == BACKOFF_LIMIT


def test_a_first_wait_above_the_limit_stays_as_it_is():
    assert next_backoff(RestartPolicy(backoff=300.0), 300.0) == 300.0


@pytest.mark.parametrize("ended", [CLEAN, FAILED])
def test_the_wait_is_jittered_and_the_series_is_not(ended):
    delays = set()
    for pm_id in range(200):
        again = decision(5, ended, GROWING, backoff=10.0, pm_id=pm_id)
        assert again.backoff == 15.0
        delays.add(again.delay)

    assert min(delays) >= 15.0 * (1 - JITTER)
    assert max(delays) <= 15.0 * (1 + JITTER)
    assert max(delays) - min(delays) > 15.0 * JITTER


def test_a_series_goes_on_after_a_run_that_just_does_not_end_it():
    assert decision(BACKOFF_RESET, FAILED, GROWING, backoff=10.0).backoff == 15.0


def test_ends_are_counted_in_a_series_as_well():
    assert decision(5, FAILED, GROWING, ends=(AT - 2,)).ends == (AT - 2, AT)


def test_a_series_begins_anew_after_a_long_enough_run():
    assert decision(BACKOFF_RESET + 1, FAILED, GROWING, backoff=10.0).backoff == 0.1


def test_a_growing_wait_beats_a_fixed_one():
    both = RestartPolicy(backoff=1.0, restart_delay=30.0)

    assert decision(5, FAILED, both).delay <= 1.0 + JITTER


@pytest.mark.parametrize(
    ("state", "ends", "autorestart", "exhausted"),
    [
        (Errored("why"), (1.0, 2.0), True, True),
        (Errored("why"), (1.0, 2.0, 3.0), True, True),
        (Errored("why"), (1.0,), True, False),
        (Errored("why"), (1.0, 2.0), False, False),
        (Exited(), (1.0, 2.0), True, False),
    ],
)
def test_who_was_given_up_with_its_restarts_used_up_is_exhausted(
    state, ends, autorestart, exhausted
):
    policy = RestartPolicy(max_restarts=2, autorestart=autorestart)
    process = a_process(state=state, ends=ends, spec=an_app(restart=policy))

    assert is_exhausted(process) is exhausted


@given(
    policy=st.builds(
        RestartPolicy,
        max_restarts=st.integers(1, 5),
        min_uptime=st.floats(0.0, 100.0),
        backoff=st.floats(0.001, 200.0),
    ),
    runs=st.lists(st.tuples(st.floats(0.0, 100.0), st.sampled_from([CLEAN, FAILED])), max_size=20),
)
@settings(max_examples=50)
def test_a_history_of_ends_never_waits_too_long_and_never_forgives_too_many(policy, runs):
    ends, backoff, now = (), 0.0, NOW

    for uptime, ended in runs:
        process = a_process(spec=an_app(restart=policy), ends=ends, backoff=backoff)
        run, now = a_run(since=now), later(uptime, now)
        again = decide(process, Stopping(run, Cause.ENDED_BY_ITSELF, ended), now)
        if isinstance(again, GiveUp):
            assert len(again.ends) == policy.max_restarts
            break
        ends, backoff = again.ends, again.backoff

        assert len(ends) < policy.max_restarts
        assert list(ends) == sorted(ends)
        assert policy.backoff <= backoff <= max(BACKOFF_LIMIT, policy.backoff)
        assert abs(again.delay - backoff) <= backoff * JITTER * 1.0001

import pytest

from pmdaemon.core.job_runs import Outcome, is_running, outcome_of
from pmdaemon.core.process import (
    UNKNOWN_EXIT,
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
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run

OWN = Cause.ENDED_BY_ITSELF


@pytest.mark.parametrize(
    ("state", "running"),
    [
        (Stopped(), False),
        (Exited(), False),
        (Errored("why"), False),
        (Starting(), True),
        (Backoff(NOW, 1.0), True),
        (Online(a_run()), True),
        (Stopping(a_run(), OWN, CLEAN), True),
    ],
)
def test_a_run_goes_on_until_nothing_of_it_is_left(state, running):
    assert is_running(a_process(state=state)) is running


@pytest.mark.parametrize(
    ("state", "cause", "ended", "outcome"),
    [
        (Exited(), OWN, CLEAN, Outcome.SUCCEEDED),
        (Exited(), OWN, FAILED, Outcome.FAILED),
        (Exited(), OWN, Exit(signal=9), Outcome.FAILED),
        (Exited(), OWN, UNKNOWN_EXIT, Outcome.INTERRUPTED),
        (Exited(), Cause.TIMED_OUT, Exit(signal=2), Outcome.TIMED_OUT),
        (Exited(), Cause.DAEMON_SHUT_DOWN, Exit(signal=2), Outcome.INTERRUPTED),
        (Stopped(), Cause.STOP_REQUESTED, Exit(signal=2), Outcome.STOPPED),
        (Stopped(), Cause.STOP_REQUESTED, None, Outcome.STOPPED),
        (Exited(), Cause.STOP_REQUESTED, CLEAN, Outcome.SUCCEEDED),
        (Exited(), Cause.END_DUE, Exit(signal=2), Outcome.STOPPED),
        (Exited(), OWN, None, Outcome.INTERRUPTED),
        (Starting(), OWN, CLEAN, Outcome.SUCCEEDED),
        (Starting(), Cause.RESTART_REQUESTED, CLEAN, Outcome.REPLACED),
        (Starting(), Cause.FILES_CHANGED, CLEAN, Outcome.REPLACED),
        (Starting(), Cause.SCHEDULED, Exit(signal=2), Outcome.REPLACED),
        (Errored("no such file"), None, None, Outcome.FAILED),
    ],
)
def test_how_a_run_ended_is_told_by_its_process(state, cause, ended, outcome):
    process = a_process(state=state, last_cause=cause, last_exit=ended)

    assert outcome_of(process) is outcome

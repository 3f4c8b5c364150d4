import pytest

from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exited,
    Online,
    Starting,
    Stopped,
    Stopping,
)
from pmdaemon.core.snapshots import ProcessSnapshot
from tests.support.builders import NOW, a_process, a_run, later


def snapshot_of(state, at=NOW):
    return ProcessSnapshot(a_process(state=state), Sample(), "out", "err", at)


def test_uptime_is_since_the_program_was_started():
    assert snapshot_of(Online(a_run()), at=later(90)).uptime == 90


def test_uptime_is_never_negative():
    assert snapshot_of(Online(a_run(since=later(5)))).uptime == 0


@pytest.mark.parametrize(
    "state",
    [
        Stopped(),
        Starting(),
        Stopping(a_run(), Cause.STOP_REQUESTED),
        Backoff(NOW, delay=1.0),
        Exited(),
        Errored("broken"),
    ],
)
def test_what_is_not_up_has_no_uptime(state):
    assert snapshot_of(state, at=later(90)).uptime == 0

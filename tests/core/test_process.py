import pytest

from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Online,
    ProcessState,
    Starting,
    State,
    Stopped,
    Stopping,
)
from tests.support.builders import CLEAN, NOW, a_process, a_run, an_app

RUN = a_run(pid=4711)


def test_one_of_several_instances_is_called_by_its_number():
    several = an_app(name="api", instances=2)

    assert a_process(spec=several, instance=1).called == "api:1"
    assert a_process(spec=several, instance=0).called == "api:0"
    assert a_process(spec=an_app(name="api")).called == "api"


def test_every_state_has_a_name_of_its_own():
    kinds = [state.kind for state in State.__args__]

    assert sorted(kinds) == sorted(ProcessState)


@pytest.mark.parametrize(
    ("ended", "text", "clean"),
    [
        (Exit(code=0), "exit code 0", True),
        (Exit(code=3), "exit code 3", False),
        (Exit(signal=9), "signal 9", False),
        (UNKNOWN_EXIT, "exit status unknown", False),
    ],
)
def test_an_exit_is_a_code_or_a_signal_or_unknown(ended, text, clean):
    assert str(ended) == text
    assert ended.clean is clean


@pytest.mark.parametrize(
    ("state", "run", "pid"),
    [
        (Stopped(), None, None),
        (Starting(), None, None),
        (Online(RUN), RUN, 4711),
        (Stopping(RUN, Cause.STOP_REQUESTED), RUN, 4711),
        (Stopping(RUN, Cause.STOP_REQUESTED, CLEAN), RUN, None),
        (Backoff(NOW, 1.0), None, None),
        (Exited(), None, None),
        (Errored("why"), None, None),
    ],
)
def test_there_is_a_pid_only_while_the_first_process_lives(state, run, pid):
    process = a_process(state=state)

    assert process.run == run
    assert process.pid == pid


def test_a_process_is_called_like_its_app():
    assert a_process(spec=an_app(name="api")).name == "api"


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"pm_id": 3, "launch": 7}, "3.7"),
        ({"pm_id": 3, "launch": 9, "lineage": 8}, "3~8.9"),
        ({"pm_id": -4, "replaces": 3, "launch": 9, "lineage": 8}, "3~8.9"),
    ],
)
def test_a_run_is_numbered_by_whose_it_is_which_lineage_and_which_launch(changes, number):
    assert a_process(**changes).run_number == number


def test_a_process_that_is_spawned_and_not_ready_has_its_pid():
    assert a_process(state=Starting(a_run(4711))).pid == 4711
    assert a_process(state=Starting()).pid is None

from msgspec.structs import replace

from pmdaemon.core.process import Errored, Online, ProcessState, Stopped, Wish
from pmdaemon.core.spec import RestartPolicy
from pmdaemon.core.state_history import StateRecord, record_between, record_of
from tests.support.builders import FAILED, NOW, a_process, a_run, an_app

UP = a_process(state=Online(a_run()), started=NOW)


def test_a_record_tells_how_a_process_is():
    assert record_of(UP, 5.0) == StateRecord(
        time=5.0, process="web", state=ProcessState.ONLINE, pid=4711, ran=True
    )
    blocked = replace(UP, wish=Wish.BLOCKED, restarts=2, last_exit=FAILED, instance=1)
    blocked = replace(blocked, spec=an_app(instances=2))
    assert record_of(blocked, 5.0) == StateRecord(
        time=5.0,
        process="web-2",
        state=ProcessState.ONLINE,
        blocked=True,
        restarts=2,
        pid=4711,
        exit=FAILED,
        ran=True,
    )


def test_what_has_used_up_its_restarts_is_told_from_what_could_not_be_started():
    spec = an_app(restart=RestartPolicy(max_restarts=2))
    given_up = a_process(state=Errored("why"), spec=spec, ends=(1.0, 2.0))

    assert record_of(given_up, 5.0).exhausted
    assert not record_of(replace(given_up, ends=()), 5.0).exhausted


def test_only_what_changes_is_recorded():
    assert record_between(UP, replace(UP, epoch=7), 5.0) is None
    assert record_between(None, UP, 5.0) == record_of(UP, 5.0)
    stopped = replace(UP, state=Stopped())
    assert record_between(UP, stopped, 6.0) == record_of(stopped, 6.0)


def test_what_is_deleted_has_no_state_from_then_on():
    assert record_between(UP, None, 5.0) == StateRecord(time=5.0, process="web", state=None)
    assert record_between(None, None, 5.0) is None

import pytest

from pmdaemon.core.events import EventKind, events_between
from pmdaemon.core.journal import CATEGORIES, REASONS, Severity, entries_between
from pmdaemon.core.process import (
    Cause,
    Errored,
    Exit,
    Exited,
    Online,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import RestartPolicy
from tests.support.builders import CLEAN, FAILED, a_process, a_run, an_app

UP = a_process(state=Online(a_run()))


def written(before, after):
    return list(entries_between(before, after, events_between(before, after), 5.0))


def told(before, after):
    return [(one.category, one.severity, one.text) for one in written(before, after)]


def test_every_kind_of_event_has_its_words():
    assert set(CATEGORIES) == set(EventKind)


def test_a_start_and_an_end_are_told_with_how():
    assert told(a_process(), UP) == [("starting", Severity.INFO, "web was started, pid 4711")]
    assert told(
        UP, a_process(state=Exited(), last_exit=CLEAN, last_cause=Cause.ENDED_BY_ITSELF)
    ) == [("finished", Severity.INFO, "web ended with exit code 0")]
    assert told(
        UP, a_process(state=Exited(), last_exit=FAILED, last_cause=Cause.ENDED_BY_ITSELF)
    ) == [("errored", Severity.ERROR, "web crashed with exit code 1")]
    killed = a_process(state=Exited(), last_exit=Exit(signal=9), last_cause=Cause.ENDED_BY_ITSELF)
    assert told(UP, killed) == [("errored", Severity.ERROR, "web crashed by signal 9")]


def test_an_entry_names_the_instance_and_the_time():
    spec = an_app(instances=2)
    [entry] = written(
        a_process(spec=spec, instance=1), a_process(spec=spec, instance=1, state=Online(a_run()))
    )

    assert (entry.process, entry.time) == ("web-2", 5)


def test_a_wish_to_block_is_told_and_its_end():
    blocked = a_process(wish=Wish.BLOCKED)

    assert told(a_process(), blocked) == [("blocked", Severity.INFO, "web is blocked")]
    assert told(blocked, a_process(wish=Wish.DOWN)) == [
        ("unblock", Severity.INFO, "web is not blocked any more")
    ]


def test_another_wish_is_no_matter():
    assert told(a_process(wish=Wish.UP), a_process(wish=Wish.DOWN)) == []


@pytest.mark.parametrize(
    ("cause", "category"), [(Cause.FILES_CHANGED, "watcher"), (Cause.SCHEDULED, "scheduler")]
)
def test_a_run_that_we_end_for_a_reason_of_our_own_is_told_once(cause, category):
    ending = a_process(state=Stopping(a_run(), cause))
    ended = a_process(state=Stopping(a_run(), cause, exit=CLEAN))

    [entry] = told(UP, ending)
    assert entry == (category, Severity.INFO, f"web {REASONS[cause][1]}")
    assert told(None, ending)[0] == entry
    assert category not in [one[0] for one in told(ending, ended)]


def test_restarts_that_are_used_up_are_told_apart_from_other_failures():
    policy = RestartPolicy(max_restarts=2)
    down = a_process(spec=an_app(restart=policy), state=Stopped())
    failed = a_process(spec=an_app(restart=policy), state=Errored("no such file"))
    used_up = a_process(spec=an_app(restart=policy), state=Errored("ended twice"), ends=(1.0, 2.0))

    assert told(down, failed) == [
        ("errored", Severity.ERROR, "web has failed for good: no such file")
    ]
    assert told(down, used_up) == [
        ("exhausted", Severity.ERROR, "web has failed for good: ended twice")
    ]


def test_what_is_gone_is_told():
    assert told(UP, None) == [("deleted", Severity.INFO, "web was deleted")]
    assert told(None, None) == []

import msgspec
import pytest

from pmdaemon.core.agent import LARGEST, NOTHING_SAID, AgentReport, heard

HEAP = {"value": "9.2", "unit": "MiB", "historic": True}


def after(*messages):
    report = NOTHING_SAID
    for message in messages:
        report = heard(report, message)
    return report


def monitor(**figures):
    return {"type": "axm:monitor", "data": figures}


def action(name, **more):
    return {"type": "axm:action", "data": {"action_name": name, **more}}


def options(**said):
    return {"type": "axm:option:configuration", "data": said}


def test_figures_are_kept_by_name_and_the_latest_counts():
    assert after(monitor(heap=HEAP, jobs=1), monitor(jobs=2)).monitor == {"heap": HEAP, "jobs": 2}


def test_options_add_up():
    assert after(options(error=True), options(apm={"type": "node"})).options == {
        "error": True,
        "apm": {"type": "node"},
    }


def test_an_action_that_is_registered_twice_is_there_once():
    report = after(action("dump", arity=1), action("hello"), action("dump", arity=2))

    assert report.actions == (
        {"action_name": "hello"},
        {"action_name": "dump", "arity": 2},
    )


@pytest.mark.parametrize(
    "message",
    [
        "ready",
        None,
        {"type": "axm:monitor"},
        {"type": "axm:monitor", "data": [1]},
        {"type": "axm:action", "data": {"action_name": 5}},
        {"type": "axm:reply", "data": {"action_name": "a", "return": 1}},
        monitor(**{"\ud800": 1}),
        monitor(much="x" * LARGEST),
    ],
)
def test_what_cannot_be_used_changes_nothing(message):
    report = after(monitor(heap=HEAP))

    assert heard(report, message) is report


def test_what_is_no_number_is_null():
    assert after(monitor(load=float("nan"))) == AgentReport(monitor={"load": None})


def test_a_program_may_tell_so_much_and_no_more():
    frame = len(msgspec.json.encode(AgentReport(monitor={"much": ""})))
    most = heard(NOTHING_SAID, monitor(much="x" * (LARGEST - frame)))

    assert len(msgspec.json.encode(most)) == LARGEST
    assert heard(NOTHING_SAID, monitor(much="x" * (LARGEST - frame + 1))) is NOTHING_SAID

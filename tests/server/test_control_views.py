import json
from typing import get_type_hints

import msgspec
import pytest

from pmdaemon.control.messages.processes import ProcessView
from pmdaemon.core.metrics import Sample
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
    Wish,
)
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import AppSpec, RestartPolicy, StopPolicy
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.server.control_views import process_view
from tests.support.builders import NOW, a_process, a_run, an_app, later

STATES = [
    Stopped(),
    Starting(),
    Online(a_run()),
    Stopping(a_run(), Cause.STOP_REQUESTED),
    Backoff(NOW, delay=1.0),
    Exited(),
    Errored("broken"),
]


def view_of(*, detail=False, **changes):
    snapshot = ProcessSnapshot(
        a_process(**changes), Sample(cpu=2.5, memory=1024), "/logs/out", "/logs/err", later(90)
    )
    return process_view(snapshot, detail=detail)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.kind)
def test_a_view_of_any_state_is_complete(state):
    view = view_of(state=state, detail=True)

    assert view.keys() == get_type_hints(ProcessView).keys()
    assert view["state"] == state.kind


def test_a_process_that_is_up_is_shown_with_what_it_uses():
    view = view_of(state=Online(a_run()), started=NOW, restarts=3, tcp_port=3000, pm_id=7)

    assert (view["pm_id"], view["pid"], view["uptime"]) == (7, 4711, 90)
    assert (view["cpu"], view["memory"], view["tcp_port"]) == (2.5, 1024, 3000)
    assert (view["restarts"], view["started"], view["created"]) == (3, NOW.wall, NOW.wall)
    assert (view["out_file"], view["error_file"]) == ("/logs/out", "/logs/err")


def test_a_process_that_was_given_up_is_shown_with_the_reason():
    assert view_of(state=Errored("broken"))["reason"] == "broken"
    assert view_of()["reason"] is None


@pytest.mark.parametrize(
    ("ended", "shown"),
    [
        (None, None),
        (Exit(code=0), {"code": 0, "signal": None}),
        (Exit(signal=9), {"code": None, "signal": 9}),
        (Exit(), {"code": None, "signal": None}),
    ],
)
def test_the_last_exit_is_shown_by_code_or_signal(ended, shown):
    assert view_of(last_exit=ended)["last_exit"] == shown


def test_the_wish_and_the_last_cause_are_shown_as_words():
    view = view_of(wish=Wish.DOWN, last_cause=Cause.STOP_REQUESTED)

    assert (view["wish"], view["last_cause"]) == ("down", "stop requested")


def test_declarations_are_for_those_who_ask():
    spec = an_app(
        env={"A": "1"},
        tcp_ports=TcpPorts(3000, 3003),
        restart=RestartPolicy(stop_exit_codes=frozenset({3, 1})),
        stop=StopPolicy("SIGTERM", grace=5.0),
    )

    declaration = json.loads(json.dumps(view_of(spec=spec, detail=True)["declaration"]))

    assert "declaration" not in view_of(spec=spec)
    assert msgspec.convert(declaration, AppSpec) == spec


def test_what_is_added_to_the_environment_is_shown_apart_from_what_was_declared():
    shared = an_app(env={"A": "1"}, exec_mode="cluster", tcp_ports=TcpPorts(3000, 3000))

    added = view_of(spec=shared, instance=2, detail=True)["added_env"]

    assert (added["PORT"], added["PMDAEMON_INSTANCE"]) == ("3000", "2")
    assert "A" not in added


def test_ports_are_shown_as_they_were_asked_for():
    assert view_of(spec=an_app(tcp_ports=TcpPorts(3000, 3003)))["ports"] == "3000-3003"
    assert view_of()["ports"] is None


def test_with_detail_the_failures_that_count_are_told():
    view = view_of(detail=True, ends=(1.0, 2.0), backoff=0.5)

    assert (view["failures"], view["backoff"]) == (2, 0.5)
    assert "failures" not in view_of()

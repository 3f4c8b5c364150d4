import json

from pmdaemon.control.log_reader import LogLine
from pmdaemon.core.events import EventKind, ProcessEvent
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.metrics import Sample
from pmdaemon.core.notices import EventLogged
from pmdaemon.core.process import Cause, Exit, Online
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.server.http.log_streams import Missed, Printed
from pmdaemon.server.http.native.frames import (
    Batch,
    Feed,
    Frame,
    FrameType,
    event_view,
    machine_view,
    metrics_view,
    output_frame,
    precise_timestamp,
    public_view,
)
from pmdaemon.server.http.native.views import process_view
from tests.fakes.metrics import FakeHostMetrics
from tests.support.builders import NOW, a_process, a_run, later

SNAPSHOT = ProcessSnapshot(
    a_process(state=Online(a_run(100)), tcp_port=3000, restarts=2),
    Sample(cpu=2.54, memory=4096, processes=1),
    "/logs/web-0.out",
    "/logs/web-0.err",
    later(61.5),
)

LIST = Frame(FrameType.PROCESS_LIST, 0.0, [1], cursor="1.2")
EVENT = Frame(FrameType.PROCESS_EVENT, 0.0, {"a": "b"})


def test_a_frame_has_a_type_a_time_and_data():
    assert json.loads(LIST.body) == {
        "type": "process_list",
        "timestamp": "1970-01-01T00:00:00.000Z",
        "data": [1],
    }


def test_a_frame_is_encoded_once_for_each_form():
    assert LIST.websocket is LIST.websocket
    assert LIST.websocket.endswith(LIST.body)
    assert LIST.sse == b"id: 1.2\nevent: process_list\ndata: %b\n\n" % LIST.body


def test_a_batch_is_put_together_once_for_all_who_want_the_same():
    batch = Batch([LIST, EVENT])

    assert batch.websocket(frozenset()) == LIST.websocket + EVENT.websocket
    assert batch.websocket(frozenset()) is batch.websocket(frozenset())
    assert batch.websocket(frozenset({"process_list"})) == EVENT.websocket
    assert batch.sse(frozenset({"process_event"})) == LIST.sse
    assert batch.sse(frozenset({"process_event", "process_list"})) == b""


def test_times_have_milliseconds():
    assert precise_timestamp(1_700_000_000.1239) == "2023-11-14T22:13:20.123Z"


def test_the_public_sees_no_pid_port_or_counter():
    assert set(public_view(process_view(SNAPSHOT))) == {
        "id", "name", "status", "health_status", "uptime", "cpu_usage", "memory_usage",
    }  # fmt: skip


def test_metrics_are_numbers_for_machines():
    whole = {"id": 0, "name": "web", "cpu": 2.5, "memory": 4096, "uptime": 61500, "restarts": 2}

    assert metrics_view([SNAPSHOT], Feed.FULL) == {"processes": [whole]}
    del whole["restarts"]
    assert metrics_view([SNAPSHOT], Feed.PUBLIC) == {"processes": [whole]}


def test_the_machine_is_shown_as_in_the_api_with_two_fields_more():
    view = machine_view(FakeHostMetrics().read(), [SNAPSHOT])

    assert view["hostname"] == "server-01"
    assert view["load"] == {"one": 1.2, "five": 1.5, "fifteen": 1.8}
    assert view["memory"]["available"] == view["memory"]["free"]


def test_an_event_tells_what_is_known_of_it():
    event = ProcessEvent(
        kind=EventKind.CRASHED,
        pm_id=1,
        name="web",
        namespace="shop",
        instance=0,
        restarts=3,
        pid=100,
        exit=Exit(signal=9),
        cause=Cause.ENDED_BY_ITSELF,
    )

    assert event_view(EventLogged(7, NOW, event), "5.7") == {
        "event": "crashed",
        "id": 1,
        "process": "web",
        "namespace": "shop",
        "instance": 0,
        "restarts": 3,
        "time": "2023-11-14T22:13:20.000Z",
        "cursor": "5.7",
        "details": {
            "pid": 100,
            "exit": {"code": None, "signal": 9},
            "cause": "ended by itself",
        },
    }


def test_a_line_is_dated_by_when_it_was_written():
    line = LogLine(OutputStream.ERR, 1_700_000_000.5, "oops", 0)

    frame = output_frame(Printed(SNAPSHOT.process, line, "0.err:1.2.3"), 1_700_000_099.0)

    assert frame.cursor == "0.err:1.2.3"
    assert json.loads(frame.body) == {
        "type": "log_message",
        "timestamp": "2023-11-14T22:13:20.500Z",
        "data": {
            "id": 0,
            "process": "web",
            "instance": 0,
            "stream": "stderr",
            "level": "error",
            "message": "oops",
            "cursor": "0.err:1.2.3",
        },
    }


def test_a_gap_says_where_it_is():
    frame = output_frame(Missed(SNAPSHOT.process, OutputStream.OUT), 0.0)

    assert frame.kind is FrameType.GAP
    assert json.loads(frame.body)["data"]["stream"] == "stdout"

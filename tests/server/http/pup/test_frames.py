import json

from pmdaemon.control.log_reader import LogLine
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import MessageSent
from pmdaemon.server.http.log_streams import Missed, Printed
from pmdaemon.server.http.pup.frames import FrameType, frame, message_view, output_view
from tests.support.builders import a_process


def test_a_frame_has_what_it_is_about_and_what_there_is_to_say():
    assert json.loads(frame(FrameType.WATCHDOG, None)[2:]) == {"t": "watchdog", "d": None}


def test_the_eleven_events_of_pup_are_there():
    assert len(set(FrameType) - {FrameType.LAGGED}) == 11


def test_a_message_shows_who_sent_it():
    assert message_view(MessageSent("web", "greet", 0, "api-1")) == {
        "target": "web",
        "event": "greet",
        "eventData": 0,
        "sender": "api-1",
    }


def test_a_line_on_stderr_is_an_error():
    line = LogLine(OutputStream.ERR, 1.5, "oh")

    assert output_view(Printed(a_process(), line, "c"), "web-1", 9.0) == {
        "severity": "error",
        "category": "stderr",
        "text": "oh",
        "processId": "web-1",
        "timeStamp": 1500,
    }


def test_a_gap_is_told_with_the_time_of_now():
    view = output_view(Missed(a_process(), OutputStream.OUT), "web", 9.0)

    assert (view["timeStamp"], view["severity"]) == (9000, "log")
    assert "removed" in view["text"]

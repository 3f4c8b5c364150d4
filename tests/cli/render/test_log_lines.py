import json

from pmdaemon.cli.render.log_lines import LogStyle
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.control.log_reader import LogLine
from pmdaemon.core.logs import OutputStream
from tests.support.views import a_view

OUT = LogLine(OutputStream.OUT, 1700000000.25, "hello", 0)
ERR = LogLine(OutputStream.ERR, 1700000001.0, "oh no", 1)


def a_style(*, colour=False, **how):
    terminal = Terminal(columns=80, colour=colour, unicode=True, interactive=True)
    style = LogStyle(terminal, **how)
    style.know([a_view("web"), a_view("longer", pm_id=1)])
    return style


def test_a_line_says_whose_it_is_and_from_which_stream():
    style = a_style()

    assert style.line(OUT) == "0|web    | hello"
    assert style.line(ERR) == "1|longer ! oh no"


def test_instances_are_told_apart():
    style = a_style()
    style.know([a_view("web"), a_view("web", pm_id=2, instance=1)])

    line = LogLine(OutputStream.OUT, None, "x", 2)

    assert style.line(line).startswith("2|web:1")


def test_only_what_stands_in_front_is_coloured():
    style = a_style(colour=True)

    assert style.line(OUT) == "\x1b[36m0|web    |\x1b[0m hello"
    assert style.line(ERR).startswith("\x1b[31m")


def test_raw_lines_are_what_the_program_wrote():
    line = LogLine(OutputStream.OUT, None, "\x1b[1mbold\x1b[0m", 0)

    assert a_style(raw=True).line(line) == "\x1b[1mbold\x1b[0m"


def test_times_are_utc_to_the_millisecond():
    assert a_style(timestamp=True).line(OUT) == "2023-11-14T22:13:20.250Z 0|web    | hello"


def test_an_unknown_time_keeps_its_room():
    line = LogLine(OutputStream.OUT, None, "x", 0)

    assert a_style(timestamp=True).line(line) == f"{'-':<24} 0|web    | x"


def test_json_is_an_object_a_line_as_pm2_has_it():
    assert json.loads(a_style(json=True).line(ERR)) == {
        "message": "oh no",
        "timestamp": "2023-11-14T22:13:21.000Z",
        "type": "err",
        "process_id": 1,
        "app_name": "longer",
    }


def test_a_change_of_state_is_for_json_only():
    assert a_style().change(0, "web", "online", 1700000000.0) is None
    assert json.loads(a_style(json=True).change(0, "web", "online", 1700000000.0) or "") == {
        "timestamp": "2023-11-14T22:13:20.000Z",
        "type": "process_event",
        "status": "online",
        "process_id": 0,
        "app_name": "web",
    }

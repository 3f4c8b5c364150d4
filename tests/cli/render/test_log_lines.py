import json
import re
import time

from pmdaemon.cli.render.log_lines import LogForm, LogStyle
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


def test_one_long_name_does_not_push_the_lines_of_others_aside():
    style = a_style()
    style.know([a_view("web"), a_view("longer", pm_id=1), a_view("x" * 40, pm_id=2)])

    assert style.line(OUT) == "0|web    | hello"
    assert style.line(LogLine(OutputStream.OUT, None, "x", 2)) == f"2|{'x' * 40} | x"


def test_who_comes_later_has_all_prefixes_made_wider():
    style = a_style()
    before = style.line(OUT)
    style.know([a_view("web"), a_view("much-longer", pm_id=1)])

    assert before == "0|web    | hello"
    assert style.line(OUT) == "0|web         | hello"


def test_instances_are_told_apart():
    style = a_style()
    style.know([a_view("web", called="web:0"), a_view("web", pm_id=2, instance=1, called="web:1")])

    line = LogLine(OutputStream.OUT, None, "x", 2)

    assert style.line(line).startswith("2|web:1")


def test_only_what_stands_in_front_is_coloured():
    style = a_style(colour=True)

    assert style.line(OUT) == "\x1b[36m0|web    |\x1b[0m hello"
    assert style.line(ERR).startswith("\x1b[31m")


def test_raw_lines_are_what_the_program_wrote():
    line = LogLine(OutputStream.OUT, None, "\x1b[1mbold\x1b[0m", 0)

    assert a_style(form=LogForm.RAW).line(line) == "\x1b[1mbold\x1b[0m"


def test_times_are_utc_to_the_millisecond():
    assert a_style(timestamp=True).line(OUT) == "2023-11-14T22:13:20.250Z 0|web    | hello"


def test_an_unknown_time_keeps_its_room():
    line = LogLine(OutputStream.OUT, None, "x", 0)

    assert a_style(timestamp=True).line(line) == f"{'-':<24} 0|web    | x"


def test_json_is_an_object_a_line_as_pm2_has_it():
    assert json.loads(a_style(form=LogForm.JSON).line(ERR)) == {
        "message": "oh no",
        "timestamp": "2023-11-14T22:13:21.000Z",
        "type": "err",
        "process_id": 1,
        "app_name": "longer",
    }


def test_a_change_of_state_is_for_json_only():
    assert a_style().change(0, "web", "online", 1700000000.0) is None
    assert json.loads(
        a_style(form=LogForm.JSON).change(0, "web", "online", 1700000000.0) or ""
    ) == {
        "timestamp": "2023-11-14T22:13:20.000Z",
        "type": "process_event",
        "status": "online",
        "process_id": 0,
        "app_name": "web",
    }


def test_an_app_has_one_colour_whichever_instance_prints():
    style = a_style(colour=True)
    views = [
        a_view("web", called="web:0"),
        a_view("web", pm_id=2, instance=1, called="web:1"),
        a_view("longer", pm_id=1),
    ]
    style.know(views)

    colours = [style.line(LogLine(OutputStream.OUT, None, "x", pm_id))[:5] for pm_id in (0, 2, 1)]

    assert colours[0] == colours[1] != colours[2]


def test_a_format_words_times_where_we_are():
    here = time.strftime("%H:%M:%S", time.localtime(OUT.time))
    hour, minute, second = here.split(":")

    assert a_style(date_format="HH:mm:ss").line(OUT) == f"{here} 0|web    | hello"
    raw = a_style(form=LogForm.RAW, date_format="mm:ss").line(OUT)
    assert raw == f"{minute}:{second} hello"
    as_json = json.loads(a_style(form=LogForm.JSON, date_format="HH").line(OUT))
    assert as_json["timestamp"] == hour


def test_pairs_are_those_of_pm2():
    assert a_style(form=LogForm.PAIRS).line(ERR) == (
        "timestamp=2023-11-14T22:13:21.000Z app=longer id=1 type=error message=oh no"
    )
    assert " type=out " in a_style(form=LogForm.PAIRS).line(OUT)


def test_what_is_looked_for_stands_out():
    style = a_style(colour=True, highlight=re.compile("L+"), form=LogForm.RAW)

    assert style.line(LogLine(OutputStream.OUT, None, "HELLO", 0)) == "HE\x1b[7mLL\x1b[27mO"
    assert a_style(highlight=re.compile("l"), form=LogForm.RAW).line(OUT) == "hello"


def test_the_daemon_has_no_id_in_front():
    style = a_style()
    style.know([{"pm_id": -1, "name": "pmdaemon", "called": "pmdaemon", "instance": 0}])

    assert style.line(LogLine(OutputStream.OUT, None, "x", -1)) == "pmdaemon | x"

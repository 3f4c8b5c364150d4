import errno
import json
import os
import threading
from contextlib import suppress

import pytest

from pmdaemon.cli.console import Console, LinePrinter, RawPrinter
from pmdaemon.cli.context import Context
from pmdaemon.cli.render.log_lines import LogForm, LogStyle
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.core.logs import OutputStream
from tests.support.views import a_view
from tests.support.waiting import eventually_sync

TERMINAL = Terminal(columns=80, colour=False, unicode=True, interactive=False)


@pytest.fixture
def view(tmp_path):
    return a_view(out_file=str(tmp_path / "app.out"), error_file=str(tmp_path / "app.err"))


@pytest.fixture
def judged():
    return []


@pytest.fixture
def console(home, daemon, judged, view):
    """A console of raw output; the daemon knows one process, and says what a test prepares."""
    daemon.answers("list", {"result": {"processes": [view]}})
    daemon.held.add("follow")
    gone = threading.Event()
    console = Console(
        Context({"PMDAEMON_HOME": home.path}), RawPrinter(), judge=judged.append, gone=gone.set
    )
    console.reader_gone = gone
    yield console

    def is_over():
        """Hang up, also where it has only just called again."""
        for open_socket in list(daemon._open):
            with suppress(OSError):  # closed already
                open_socket.shutdown(2)
        return console.finish(0.1)

    eventually_sync(is_over)


def write(path, content):
    with open(path, "ab") as file:
        file.write(content)


def test_bytes_go_where_the_program_sent_them(console, daemon, view, capfdbinary):
    write(view["out_file"], b"\xffout, no newline")
    write(view["error_file"], b"err\n")
    daemon.answers("follow", {"item": {"pm_id": 0, "stream": "out"}})

    console.start()

    seen = b"", b""

    def printed():
        nonlocal seen
        out, err = capfdbinary.readouterr()
        seen = seen[0] + out, seen[1] + err
        return seen == (b"\xffout, no newline", b"err\n")

    eventually_sync(printed)


def test_what_was_there_before_is_left_out(console, daemon, view, capfdbinary):
    write(view["out_file"], b"of yesterday\n")
    console.know([view], backlog=0)
    write(view["out_file"], b"new\n")
    daemon.answers("follow", {"item": {"pm_id": 0, "stream": "out"}})

    console.start()

    eventually_sync(lambda: b"new\n" in capfdbinary.readouterr().out)


def test_it_is_judged_when_one_is_down_and_its_output_printed(
    console, daemon, view, judged, capfdbinary
):
    write(view["out_file"], b"last words\n")
    daemon.answers(
        "follow",
        {"item": {"pm_id": 0, "state": "online"}},
        {"item": {"pm_id": 0, "state": "exited"}},
    )

    console.start()

    eventually_sync(lambda: len(judged) == 2)  # at the beginning, and now
    assert judged[-1] == [view]
    assert capfdbinary.readouterr().out == b"last words\n"


def test_what_is_written_last_is_printed_at_the_end(console, daemon, view, capfdbinary):
    daemon.answers("follow", {"item": {"pm_id": 0, "stream": "out"}}, {"result": {}})
    console.start()
    eventually_sync(lambda: daemon.asked("list"))
    write(view["out_file"], b"at the very end\n")

    assert console.finish(60)

    assert capfdbinary.readouterr().out == b"at the very end\n"


def test_a_console_that_never_began_is_finished_at_once(console):
    assert console.finish(0.01)


def test_a_reader_that_has_gone_is_told(console, daemon, view):
    class Broken(RawPrinter):
        def begin(self, view, stream, *, backlog):
            def pump():
                raise BrokenPipeError

            return pump

    console._printer = Broken()
    daemon.answers("follow", {"item": {"pm_id": 0, "stream": "out"}})

    console.start()

    assert console.reader_gone.wait(60)


def test_a_reader_that_does_not_read_is_not_waited_for(console, daemon, view):
    stuck, let_go = threading.Event(), threading.Event()

    class Stuck(RawPrinter):
        def begin(self, view, stream, *, backlog):
            def pump():
                stuck.set()
                return let_go.wait(60) and False

            return pump

    console._printer = Stuck()
    daemon.answers("follow", {"item": {"pm_id": 0, "stream": "out"}})
    console.start()
    assert stuck.wait(60)

    assert not console.finish(0.01)

    let_go.set()


def test_lines_and_changes_are_printed_as_the_style_has_them(view, capsys):
    printer = LinePrinter(LogStyle(TERMINAL, form=LogForm.JSON))
    printer.know([view])
    write(view["out_file"], b"one\n")

    pump = printer.begin(view, OutputStream.OUT, backlog=5)
    assert pump()
    assert not pump()
    printer.change(0, "app", "exited")

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["message"], first["app_name"]) == ("one", "app")
    assert (second["type"], second["status"]) == ("process_event", "exited")


def test_output_that_there_is_no_room_for_ends_nothing_and_is_said_once(
    console, daemon, view, judged, capsys
):
    class Full(RawPrinter):
        def begin(self, view, stream, *, backlog):
            def pump():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            return pump

    console._printer = Full()
    daemon.answers(
        "follow",
        {"item": {"pm_id": 0, "stream": "out"}},
        {"item": {"pm_id": 0, "state": "exited"}},
    )

    console.start()

    eventually_sync(lambda: len(judged) == 2)
    assert not console.reader_gone.is_set()
    said = capsys.readouterr().err
    assert said == "pmdaemon: some output cannot be printed: no space left on device\n"

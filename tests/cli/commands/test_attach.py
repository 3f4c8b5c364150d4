import errno
import io
import os
import threading

import pytest
from msgspec.structs import replace

from pmdaemon.cli.commands import attach
from tests.support.views import DECLARED, a_view
from tests.support.waiting import eventually_sync

WITH_INPUT = replace(DECLARED, stdin=True)


def until_nothing_prints():
    eventually_sync(lambda: "output" not in [one.name for one in threading.enumerate()])


def test_what_is_typed_is_sent_line_by_line(cli, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("one\ntwo\n"))
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT, pm_id=3))
    cli.does("send", a_view("web"))
    cli.daemon.answers("follow", {"result": {}})
    cli.daemon.answers("ping", {"result": {}})  # asked for where typing takes its time

    assert cli("attach", "web") == 0
    assert [(body["selectors"], body["line"]) for body in cli.daemon.asked("send")] == [
        (["3"], "one"), (["3"], "two"),
    ]  # fmt: skip
    until_nothing_prints()


def test_a_program_without_standard_input_is_refused_at_once(cli):
    cli.lists(a_view("web", detail=True))
    cli.refuses("send", "no_standard_input", "it was declared without stdin")

    assert cli("attach", "web") == 1


@pytest.mark.parametrize("count", [0, 2])
def test_it_is_for_one_process(cli, count):
    cli.lists(*(a_view("web", detail=True, pm_id=n) for n in range(count)))

    assert cli("attach", "all") == 2
    assert f"names {count}: give an id" in cli.err


def test_bytes_that_are_no_text_are_sent_too(cli, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\xffb\n"), "utf-8"))
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT))
    cli.does("send", a_view("web"))
    cli.daemon.answers("follow", {"result": {}})
    cli.daemon.answers("ping", {"result": {}})  # asked for where typing takes its time

    assert cli("attach", "web") == 0
    assert [body["line"] for body in cli.daemon.asked("send")] == ["a\udcffb"]
    until_nothing_prints()


@pytest.fixture
def silent():
    """A standard input at which nobody types."""
    reading, writing = os.pipe()
    with open(reading) as stream:
        yield stream
        os.close(writing)


def test_output_that_cannot_be_printed_ends_it(cli, monkeypatch, silent):
    def print_logs(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("sys.stdin", silent)
    monkeypatch.setattr(attach, "print_logs", print_logs)
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT))

    assert cli("attach", "web") == 1
    assert cli.err == "pmdaemon: cannot write the output: no space left on device\n"


def test_output_that_there_is_no_more_ends_it_with_the_reason(cli, monkeypatch, silent):
    monkeypatch.setattr("sys.stdin", silent)
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT))
    cli.refuses("follow", "process_not_found", "no process 0")

    assert cli("attach", "web") == 3
    assert cli.err == "pmdaemon: no process 0\n"

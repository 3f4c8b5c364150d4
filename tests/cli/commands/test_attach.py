import errno
import os
import signal
import threading

import pytest
from msgspec.structs import replace

from pmdaemon.cli.commands import attach
from tests.support.views import DECLARED, a_view
from tests.support.waiting import eventually_sync

WITH_INPUT = replace(DECLARED, stdin=True)


def until_nothing_prints():
    eventually_sync(lambda: "output" not in [one.name for one in threading.enumerate()])


@pytest.fixture
def keyboard(monkeypatch):
    """What to type on; the standard input is its other end."""
    reading, writing = os.pipe()
    with open(reading) as stream, open(writing, "wb", buffering=0) as keys:
        monkeypatch.setattr("sys.stdin", stream)
        yield keys


def test_what_is_typed_is_sent_line_by_line(cli, keyboard):
    keyboard.write(b"one\ntwo\n")
    keyboard.close()
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


@pytest.mark.usefixtures("keyboard")
def test_ctrl_c_that_did_not_interrupt_the_reading_ends_it_too(cli, monkeypatch):
    monkeypatch.setattr(attach, "SIGNAL_DELAY", 0.01)
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT))
    cli.daemon.answers("follow", {"result": {}})
    cli.daemon.answers("ping", {"result": {}})

    def interrupt():
        eventually_sync(lambda: cli.daemon.asked("follow"))
        # Raised in another thread, it interrupts no system call of the one that reads.
        signal.raise_signal(signal.SIGINT)

    elsewhere = threading.Thread(target=interrupt)
    elsewhere.start()

    assert cli("attach", "web") == 0
    elsewhere.join()
    until_nothing_prints()


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (b"a\xffb\n", ["a\udcffb"]),  # is no text
        (b"one\ntw", ["one", "tw"]),
        (b"\n" + b"x" * 70_000 + b"\ny\n", ["", "x" * 70_000, "y"]),
        (b"", []),
    ],
)
def test_whatever_is_typed_is_sent(cli, monkeypatch, tmp_path, typed, sent):
    file = tmp_path / "typed"
    file.write_bytes(typed)
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT))
    cli.does("send", a_view("web"))
    cli.daemon.answers("follow", {"result": {}})
    cli.daemon.answers("ping", {"result": {}})  # asked for where typing takes its time

    with file.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert cli("attach", "web") == 0
    assert [body["line"] for body in cli.daemon.asked("send")] == sent
    until_nothing_prints()


def test_output_that_cannot_be_printed_ends_it(cli, monkeypatch, keyboard):
    def print_logs(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(attach, "print_logs", print_logs)
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT))

    assert cli("attach", "web") == 1
    assert cli.err == "pmdaemon: cannot write the output: no space left on device\n"


def test_half_a_line_is_not_sent_when_there_is_no_more_output(cli, keyboard):
    keyboard.write(b"rm -r ")
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT))
    cli.does("send", a_view("web"))
    cli.refuses("follow", "process_not_found", "no process 0")

    assert cli("attach", "web") == 3
    assert cli.daemon.asked("send") == []


def test_output_that_there_is_no_more_ends_it_with_the_reason(cli, keyboard):
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT))
    cli.refuses("follow", "process_not_found", "no process 0")

    assert cli("attach", "web") == 3
    assert cli.err == "pmdaemon: no process 0\n"

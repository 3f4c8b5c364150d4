import io
import os
import pty

import pytest

from pmdaemon.cli.render.terminal import UNLIMITED, Terminal


class Tty(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True

    def fileno(self):
        raise OSError


def colours(stream, plain=False, **environment):
    return Terminal.of(stream, environment, plain=plain).colour


def test_colours_are_for_terminals():
    assert colours(Tty())
    assert not colours(io.StringIO())


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, True),
    ],
)
def test_the_environment_may_turn_colours_off(environment, expected):
    assert colours(Tty(), **environment) is expected


def test_colours_can_be_forced_into_a_pipe():
    assert colours(io.StringIO(), FORCE_COLOR="1")
    assert not colours(io.StringIO(), FORCE_COLOR="0")


def test_an_option_beats_the_environment():
    assert not colours(Tty(), plain=True, FORCE_COLOR="1")


def test_a_pipe_has_no_width():
    assert Terminal.of(io.StringIO(), {"COLUMNS": "40"}, plain=False).columns == UNLIMITED


@pytest.mark.parametrize(("said", "columns"), [("132", 132), ("wide", 80), ("", 80)])
def test_columns_of_the_environment_count(said, columns):
    assert Terminal.of(Tty(), {"COLUMNS": said}, plain=False).columns == columns


@pytest.mark.posix
def test_a_real_terminal_is_asked():
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as stream:
        terminal = Terminal.of(stream, {}, plain=False)

    os.close(leader)
    assert (terminal.interactive, terminal.columns) == (True, 80)


def test_lines_are_drawn_in_ascii_where_the_encoding_is():
    assert Terminal.of(Tty(), {}, plain=False).unicode
    assert not Terminal.of(io.TextIOWrapper(io.BytesIO(), "latin-1"), {}, plain=False).unicode


def test_text_is_painted_only_in_colour():
    assert Terminal.of(Tty(), {}, plain=True).paint("x", "red") == "x"
    assert Terminal.of(Tty(), {}, plain=False).paint("x", "red") == "\x1b[31mx\x1b[0m"
    assert Terminal.of(Tty(), {}, plain=False).paint("x", None) == "x"

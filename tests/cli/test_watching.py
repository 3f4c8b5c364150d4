import pytest

from pmdaemon.cli import watching
from pmdaemon.cli.context import Context
from pmdaemon.cli.watching import watch
from pmdaemon.core.errors import DaemonNotRunning

CONTEXT = Context({})


def drawn(capsys, *pictures):
    """Watch what is drawn one after the other, and end by Ctrl-C."""
    left = list(pictures)

    def draw():
        picture = left.pop(0)
        if isinstance(picture, Exception):
            raise picture
        return picture

    def wait(_):
        if not left:
            raise KeyboardInterrupt

    watch(CONTEXT, draw, wait=wait)
    return capsys.readouterr().out


def test_pictures_come_one_after_the_other_where_nobody_looks(capsys):
    assert drawn(capsys, "one", "two") == "one\n\ntwo\n\n"


def test_a_screen_is_drawn_over_without_being_cleared_first(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    assert drawn(capsys, "one\ntwo") == "\x1b[Hone\x1b[K\ntwo\n\x1b[J"


def test_what_does_not_fit_is_counted(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(watching, "_rows", lambda: 5)

    shown = drawn(capsys, "\n".join("abcdef"))

    assert shown == "\x1b[Ha\x1b[K\nb\x1b[K\nc\x1b[K\n… and 3 more lines\n\x1b[J"


def test_a_daemon_that_goes_away_is_said_and_waited_for(capsys):
    shown = drawn(capsys, "one", DaemonNotRunning("/home/me"), "two")

    assert shown.split("\n\n") == [
        "one",
        "no daemon is running in /home/me; waiting for it\none",
        "two",
        "",
    ]


@pytest.mark.parametrize("fault", [KeyboardInterrupt])
def test_ctrl_c_within_drawing_is_an_end_as_well(fault):
    def draw():
        raise fault

    watch(CONTEXT, draw)

import io

import pytest

from pmdaemon.cli.asking import read_secret
from pmdaemon.cli.errors import WrongUsage


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_a_secret_is_the_first_line_of_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(" s3cret \r\nmore\n"))

    assert read_secret("password") == " s3cret "


def test_on_a_terminal_it_is_typed_unseen_and_twice(monkeypatch):
    monkeypatch.setattr("sys.stdin", Screen())
    asked = []

    def getpass(prompt):
        asked.append(prompt)
        return "s3cret"

    monkeypatch.setattr("getpass.getpass", getpass)

    assert read_secret("password", again=True) == "s3cret"
    assert asked == ["password: ", "once more: "]


def test_two_that_differ_are_none(monkeypatch):
    monkeypatch.setattr("sys.stdin", Screen())
    answers = iter(["one", "other"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))

    with pytest.raises(WrongUsage, match="the two entries are not the same"):
        read_secret("password", again=True)


def test_ctrl_d_at_the_prompt_is_nothing_typed(monkeypatch, capsys):
    def getpass(_):
        raise EOFError

    monkeypatch.setattr("sys.stdin", Screen())
    monkeypatch.setattr("getpass.getpass", getpass)

    with pytest.raises(WrongUsage, match="there is no password"):
        read_secret("password")
    assert capsys.readouterr().err == "\n"  # the prompt has a line of its own

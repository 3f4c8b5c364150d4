import socket

import pytest

from pmdaemon.cli.awaiting import main

SOON = ("--timeout", "0.3", "--interval", "0.05")


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_what_answers_is_not_waited_for(listening, capsys):
    assert main(["db", "--tcp", f"127.0.0.1:{listening}", "--start", "false"]) == 0
    assert capsys.readouterr().out == "db answers\n"


def test_what_does_not_answer_in_time_is_a_failure_that_says_why(capsys):
    assert main(["db", "--cmd", "exit 7", *SOON]) == 1
    assert capsys.readouterr().err == "db does not answer: the check ends with 7\n"


def test_a_failure_may_only_be_told(capsys):
    assert main(["db", "--cmd", "exit 7", "--warn", *SOON]) == 0
    assert capsys.readouterr().err.startswith("db does not answer")


def test_it_is_started_once_where_that_is_said(tmp_path, capfd):
    begun = tmp_path / "begun"

    assert main(["db", "--cmd", f"test -s {begun}", "--start", f"echo x >> {begun}", *SOON]) == 0
    assert begun.read_text() == "x\n"
    assert "starting it: echo x" in capfd.readouterr().out


def test_what_cannot_be_started_is_said(capsys):
    assert main(["db", "--cmd", "false", "--start", "exit 3", "--timeout", "0.5"]) == 1
    assert "what starts it ends with 3" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--tcp", "nowhere"), ("--url", "ftp://x")])
def test_what_is_no_place_is_refused_at_once(words, capsys):
    assert main(["db", *words]) == 1
    assert capsys.readouterr().err.startswith("cannot wait for db: ")


def test_a_url_that_nobody_answers_for_does_not_answer(capsys):
    assert main(["db", "--url", "http://127.0.0.1:1/", *SOON]) == 1
    assert "refused" in capsys.readouterr().err

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from pmdaemon.cli import awaiting
from pmdaemon.cli.awaiting import main
from tests.support.waiting import LIMITS, eventually_sync

SOON = ("--timeout", "0.3", "--interval", "0.05")
ONCE = ("--timeout", "60", "--interval", "60")
"""What begins has its time, however busy the machine is, and nothing is checked a second time."""


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    monkeypatch.setattr(awaiting, "LONGEST_PROBE", 60.0)  # however busy the machine is


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

    assert main(["db", "--cmd", f"test -s {begun}", "--start", f"echo x >> {begun}", *ONCE]) == 0
    assert begun.read_text() == "x\n"
    assert "starting it: echo x" in capfd.readouterr().out


def test_what_cannot_be_started_is_said(capsys):
    assert main(["db", "--cmd", "false", "--start", "exit 3", *ONCE]) == 1
    assert "what starts it ends with 3" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--tcp", "nowhere"), ("--url", "ftp://x")])
def test_what_is_no_place_is_refused_at_once(words, capsys):
    assert main(["db", *words]) == 1
    assert capsys.readouterr().err.startswith("cannot wait for db: ")


def test_a_url_that_nobody_answers_for_does_not_answer(capsys):
    assert main(["db", "--url", "http://127.0.0.1:1/", *SOON]) == 1
    assert "refused" in capsys.readouterr().err


def test_what_answers_something_else_than_http_does_not_answer(capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            peer, _ = listener.accept()
            with peer:
                peer.recv(1024)
                peer.sendall(b"220 mail\r\n")

        threading.Thread(target=answer).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        status = main(["db", "--url", url, "--timeout", "0"])

    assert status == 1
    assert capsys.readouterr().err == "db does not answer: its answer is not HTTP: 220 mail\n"


def test_a_host_that_cannot_be_one_does_not_answer(capsys):
    assert main(["db", "--tcp", "a..b:80", "--timeout", "0"]) == 1
    assert "label empty" in capsys.readouterr().err


def test_nothing_is_left_of_a_check_that_takes_too_long(tmp_path, monkeypatch, capsys):
    noted = tmp_path / "pid"
    command = f"sleep 600 & echo $! > {noted}; wait"

    for limit in LIMITS:
        monkeypatch.setattr(awaiting, "LONGEST_PROBE", limit)
        assert main(["db", "--cmd", command, "--timeout", "0"]) == 1
        assert "takes too long" in capsys.readouterr().err
        if noted.exists() and (said := noted.read_text()):
            break
    pid = int(said)
    try:
        eventually_sync(lambda: is_over(pid))
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_stop_ends_it_without_a_word(tmp_path):
    begun = tmp_path / "begun"
    words = ["db", "--cmd", f"touch {begun}; false", "--interval", "60", "--timeout", "600"]
    waiting = subprocess.Popen(
        [sys.executable, "-m", "pmdaemon.cli.awaiting", *words], stderr=subprocess.PIPE
    )
    try:
        eventually_sync(begun.exists)
        waiting.send_signal(signal.SIGINT)

        assert waiting.communicate(timeout=60) == (None, b"")
        assert waiting.returncode == 130
    finally:
        waiting.kill()
        waiting.wait()


def is_over(pid):
    """Tell whether a process has ended, though perhaps nobody has asked how (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True

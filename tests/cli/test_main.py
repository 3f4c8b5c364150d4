import gc
import os
import signal
import subprocess
import sys

import pytest

from pmdaemon.cli import main
from pmdaemon.cli.context import Context
from tests.support.views import a_view
from tests.support.waiting import eventually_sync


def test_an_error_is_one_sentence_on_standard_error(cli):
    cli.refuses("stop", "operation_failed", "cannot stop app: survived SIGKILL")

    assert cli("stop", "app") == 1
    assert cli.out == ""
    assert cli.err == "pmdaemon: cannot stop app: survived SIGKILL\n"


def test_a_command_that_may_last_searches_for_garbage(cli):
    gc.disable()
    try:
        cli("env", "0")

        assert gc.isenabled()
    finally:
        gc.enable()


def test_with_json_an_error_is_json_too(cli):
    cli.refuses("stop", "process_not_found", "no process x", requested="x")

    assert cli("stop", "x", "--json") == 3
    assert cli.json == {
        "error": {
            "code": "process_not_found",
            "message": "no process x",
            "details": {"requested": "x"},
        }
    }
    assert cli.err == "pmdaemon: no process x\n"


def test_a_json_flag_of_the_program_is_not_ours(cli):
    cli.refuses("start", "script_not_found", "no such file")

    assert cli("start", "x.js", "--", "--json") == 2
    assert cli.out == ""


def test_wrong_usage_is_json_too_when_asked_for(cli):
    assert cli("list", "--json", "--nonsense") == 2
    assert cli.json["error"]["code"] == "wrong_usage"


def test_ctrl_c_is_quiet(cli, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Context, "client", interrupt)

    assert cli("describe", "app") == 130
    assert (cli.out, cli.err) == ("", "")


def test_a_fault_of_ours_is_a_sentence_and_a_file(cli, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("nobody\nthought of it")

    monkeypatch.setattr(Context, "client", fail)

    assert cli("list") == 1
    assert cli.out == ""
    assert cli.err.startswith("pmdaemon: this is a fault of pmdaemon itself (ZeroDivisionError")
    assert cli.err.count("\n") == 1
    assert "Traceback" not in cli.err


def test_windows_is_refused(cli, monkeypatch):
    monkeypatch.setattr(main.sys, "platform", "win32")

    assert cli("list") == 2
    assert cli.err == "pmdaemon: Windows is not supported: pmdaemon needs Linux or macOS\n"


def test_a_name_that_the_terminal_cannot_show_does_not_fail(cli):
    cli.lists(a_view("naïve-🚀"))
    program = [sys.executable, "-m", "pmdaemon", "list"]

    done = subprocess.run(
        program,
        env={**cli.environment, "PYTHONIOENCODING": "ascii", "PYTHONPATH": os.getcwd()},
        capture_output=True,
        check=True,
    )

    assert rb"na\xefve-\U0001f680" in done.stdout
    assert done.stderr == b""


def test_a_reader_that_has_had_enough_is_no_error(cli):
    cli.lists(*(a_view(f"app-{number}", pm_id=number) for number in range(3000)))
    reading, writing = os.pipe()
    program = subprocess.Popen(
        [sys.executable, "-m", "pmdaemon", "list"],
        env={**cli.environment, "PYTHONPATH": os.getcwd()},
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)

    os.read(reading, 10)
    os.close(reading)

    assert program.communicate()[1] == b""
    assert program.returncode == 0


@pytest.mark.posix
def test_a_real_ctrl_c_ends_a_waiting_command_quietly(cli):
    cli.daemon.answers("list")
    cli.daemon.held = {"list"}
    program = subprocess.Popen(
        [sys.executable, "-m", "pmdaemon", "list"],
        env={**cli.environment, "PYTHONPATH": os.getcwd()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        eventually_sync(lambda: cli.daemon.asked("list"))

        program.send_signal(signal.SIGINT)

        assert program.communicate(timeout=60) == (b"", b"")
        assert program.returncode == 130
    finally:
        program.kill()
        program.wait()


def test_main_exits_with_the_status_of_the_command():
    command = [sys.executable, "-m", "pmdaemon", "nonsense"]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "no such command: nonsense" in ended.stderr


@pytest.mark.posix
@pytest.mark.parametrize(
    ("streams", "status"),
    [
        (">/dev/full", 1), (">&-", 0), (">&- 2>&-", 0), ("<&- >&- 2>&-", 0),
    ],
)  # fmt: skip
def test_a_standard_stream_that_is_full_or_closed_is_no_fault_of_ours(streams, status):
    command = f'"{sys.executable}" -m pmdaemon --version {streams}'

    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)

    assert ended.returncode == status
    said = "pmdaemon: cannot write the output: no space left on device\n" if status else ""
    assert ended.stderr == said


@pytest.mark.posix
def test_an_error_that_cannot_be_said_as_json_is_said_as_a_sentence(tmp_path):
    command = f'"{sys.executable}" -m pmdaemon ping --no-start --json >/dev/full'
    environment = {**os.environ, "PMDAEMON_HOME": str(tmp_path / "home")}

    ended = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, env=environment
    )

    assert ended.returncode == 4
    assert ended.stderr.startswith("pmdaemon: no daemon is running")
    assert ended.stderr.count("\n") == 1


@pytest.mark.posix
def test_an_error_that_cannot_be_said_at_all_is_in_the_status():
    command = f'"{sys.executable}" -m pmdaemon nonsense 2>/dev/full'

    assert subprocess.run(["sh", "-c", command], check=False).returncode == 2

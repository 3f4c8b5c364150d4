import fcntl
import json
import os
import resource
import signal
import stat
import sys
from pathlib import Path

import pytest

from pmdaemon import KEEPER_COMMAND
from pmdaemon.control import starter
from pmdaemon.control.starter import Prepared, importable, start_daemon, start_keeper
from pmdaemon.core.errors import DaemonUnavailable, PmdaemonError
from tests.support.descriptors import moved_up, room_beyond_select
from tests.support.limits import limited
from tests.support.waiting import eventually_sync


@pytest.fixture
def log(tmp_path):
    return tmp_path / "daemon.log"


@pytest.fixture
def daemon_is(tmp_path, monkeypatch):
    """Put a shell script in the daemon's place; it finds the descriptor to report on as 3."""

    def put(script):
        program = tmp_path / "fake-python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(program))

    return put


def targets(pid):
    return [os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)]


def start(log, environment=None, **more):
    return start_daemon("/the/home", environment or {"PATH": "/usr/bin:/bin"}, log=str(log), **more)


def test_a_daemon_that_is_ready_gives_its_pid(daemon_is, log):
    daemon_is("""echo '{"ready": 4711}' >&3""")

    assert start(log) == 4711


def test_the_daemon_is_told_its_home_and_its_descriptor(daemon_is, log, tmp_path):
    daemon_is(f"""echo "$@" > {tmp_path}/args; echo '{{"ready": 1}}' >&3""")

    start(log)

    told = (tmp_path / "args").read_text()
    assert told == " ".join([*KEEPER_COMMAND, "--home", "/the/home", "--ready-fd", "3"]) + "\n"


def test_who_waits_for_the_keeper_gets_its_pid_and_can_have_a_home_taken_over(
    daemon_is, log, tmp_path
):
    daemon_is(f"""echo "$@" > {tmp_path}/args; echo '{{"ready": 4711}}' >&3; exit 9""")

    started = start_keeper("/the/home", {"PATH": "/bin"}, log=str(log), take_over=True)

    assert started.daemon == 4711
    assert os.waitstatus_to_exitcode(os.waitpid(started.keeper, 0)[1]) == 9
    assert (tmp_path / "args").read_text().split()[-2:] == ["--take-over", "yes"]


WAITS = """read word <&4 && echo '{"ready": 4711}' >&3; echo "$word." > """


def test_a_keeper_that_is_prepared_starts_a_daemon_at_our_word(daemon_is, log, tmp_path):
    daemon_is(WAITS + f"{tmp_path}/word")
    prepared = Prepared("/the/home", {"PATH": "/bin"})

    assert prepared.start_daemon(log=str(log)) == 4711

    assert prepared.is_used
    eventually_sync(lambda: (tmp_path / "word").exists() and (tmp_path / "word").read_text())
    assert (tmp_path / "word").read_text() == "start.\n"
    prepared.close()


def test_a_keeper_that_is_prepared_and_not_needed_hears_that_nothing_will_come(
    daemon_is, log, tmp_path
):
    daemon_is(WAITS + f"{tmp_path}/word")
    before = os.listdir("/proc/self/fd")
    prepared = Prepared("/the/home", {"PATH": "/bin"})

    prepared.close()

    assert os.listdir("/proc/self/fd") == before
    eventually_sync(lambda: (tmp_path / "word").exists() and (tmp_path / "word").read_text())
    assert (tmp_path / "word").read_text() == ".\n"


def test_a_prepared_keeper_that_has_died_is_a_daemon_that_cannot_start(daemon_is, log):
    daemon_is("exit 1")
    prepared = Prepared("/the/home", {"PATH": "/bin"})
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)

    with pytest.raises(DaemonUnavailable, match="ended while it was starting"):
        prepared.start_daemon(log=str(log))

    prepared.close()


def test_an_environment_is_made_importable_in_a_copy(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(Path(starter.__file__).parents[2])])
    given = {"PATH": "/bin"}

    assert importable(given) == {"PATH": "/bin", "PYTHONPATH": sys.path[0]}
    assert given == {"PATH": "/bin"}


def test_a_daemon_that_cannot_start_says_why(daemon_is, log):
    refusal = {"error": {"code": "store_newer", "message": "too new", "details": {"version": 9}}}
    daemon_is(f"echo '{json.dumps(refusal)}' >&3; exit 1")

    with pytest.raises(PmdaemonError, match="too new") as caught:
        start(log)

    assert (caught.value.code, caught.value.details) == ("store_newer", {"version": 9})


def test_a_program_that_ignores_the_end_of_its_children_hears_it_too(daemon_is, log):
    refusal = '{"error": {"code": "home_unusable", "message": "no room"}}'
    # What it says comes when it has ended itself.
    daemon_is(f"(while kill -0 $$; do :; done 2>&-; echo '{refusal}' >&3) &")
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with pytest.raises(PmdaemonError, match="no room"):
            start(log)
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_program_with_many_open_files_can_start_a_daemon(daemon_is, log, monkeypatch):
    daemon_is("""echo '{"ready": 4711}' >&3""")
    pipe = os.pipe

    def high_up():
        reading, writing = pipe()
        return moved_up(reading), writing

    monkeypatch.setattr(os, "pipe", high_up)

    with room_beyond_select():
        assert start(log) == 4711


def test_a_daemon_that_dies_without_a_word_is_looked_up_in_its_log(daemon_is, log):
    log.write_text("something before\nMemoryError: no more\n")
    daemon_is("exit 1")

    with pytest.raises(DaemonUnavailable, match=r"daemon\.log, and ends with: MemoryError"):
        start(log)


def test_without_a_log_the_sentence_says_where_it_would_be(daemon_is, log):
    daemon_is("exit 1")

    with pytest.raises(DaemonUnavailable, match=r"its log is .*daemon\.log$"):
        start(log)


def test_garbage_instead_of_an_answer_is_no_readiness(daemon_is, log):
    daemon_is("echo Traceback >&3")

    with pytest.raises(DaemonUnavailable, match="ended while it was starting"):
        start(log)


def test_a_python_that_is_not_there_is_said(monkeypatch, log):
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    with pytest.raises(DaemonUnavailable, match="cannot start the daemon: no such file"):
        start(log)


@pytest.mark.posix
def test_a_daemon_that_is_never_ready_is_given_up(daemon_is, log, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    daemon_is(f"read line < {fifo}")

    with pytest.raises(DaemonUnavailable, match=r"not ready within 0\.05 s"):
        start(log, patience=0.05)

    with fifo.open("w") as end:
        end.write("end\n")


@pytest.mark.posix
def test_the_daemon_has_a_session_of_its_own_and_no_terminal(daemon_is, log, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    daemon_is(f"""echo '{{"ready": '$$'}}' >&3; exec 3>&-; read line < {fifo}""")

    pid = start(log)

    try:
        assert os.getsid(pid) == pid
        # While the shell's echo writes, its descriptor 1 is the pipe.
        eventually_sync(lambda: targets(pid) == ["/dev/null"] * 3)
    finally:
        with fifo.open("w") as end:
            end.write("end\n")
        os.waitpid(pid, 0)


@pytest.mark.posix
def test_descriptors_of_the_caller_do_not_leak_into_the_daemon(daemon_is, log, tmp_path):
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    daemon_is(f"""ls /proc/self/fd > {tmp_path}/open; echo '{{"ready": 1}}' >&3""")

    start(log)

    os.close(reading)
    os.close(writing)
    # 3 is the pipe to us, and ls has one more on the folder it reads.
    assert sorted(map(int, (tmp_path / "open").read_text().split()))[:4] == [0, 1, 2, 3]
    assert str(writing) not in (tmp_path / "open").read_text().split()


@pytest.mark.posix
def test_a_descriptor_beyond_a_limit_that_was_lowered_holds_nothing_up(daemon_is, log, tmp_path):
    daemon_is(f"""ls /proc/self/fd > {tmp_path}/open; echo '{{"ready": 1}}' >&3""")
    high = fcntl.fcntl(0, fcntl.F_DUPFD, 300)
    try:
        with limited(resource.RLIMIT_NOFILE, 300):
            assert start(log) == 1
            assert os.get_inheritable(high)
    finally:
        os.close(high)

    assert str(high) not in (tmp_path / "open").read_text().split()


def test_a_package_that_is_not_installed_is_found_all_the_same(daemon_is, log, tmp_path):
    daemon_is(f"""echo "$PYTHONPATH" > {tmp_path}/path; echo '{{"ready": 1}}' >&3""")
    root = str(Path(starter.__file__).parents[2])
    before = list(sys.path)
    try:
        sys.path[:] = [root, *before]
        start(log, {"PATH": "/usr/bin:/bin", "PYTHONPATH": "/other"})
        assert (tmp_path / "path").read_text().strip() == f"{root}:/other"

        sys.path[:] = ["/elsewhere", *before]
        start(log, {"PATH": "/usr/bin:/bin", "PYTHONPATH": "/other"})
        assert (tmp_path / "path").read_text().strip() == "/other"
    finally:
        sys.path[:] = before


@pytest.mark.posix
def test_a_start_in_the_background_of_a_shell_leaves_no_signal_ignored(daemon_is, log, tmp_path):
    import signal

    daemon_is(f"""grep SigIgn /proc/self/status > {tmp_path}/ignored; echo '{{"ready": 1}}' >&3""")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        start(log)
    finally:
        signal.signal(signal.SIGINT, before)

    ignored = int((tmp_path / "ignored").read_text().split()[1], 16)
    assert ignored & (1 << (signal.SIGINT - 1)) == 0

"""What runs on behalf of a home: its daemon, its keeper, and whatever they started."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.support.control_groups import remove_groups
from tests.support.waiting import eventually_sync


def daemon_pid(home: Path) -> int:
    """Return the pid of the daemon that is ready, or was the last to be."""
    return int((home / "daemon.pid").read_text().split()[0])


def running_for(home: Path) -> list[int]:
    """List every process that carries the home in its environment, or in its token."""
    marks = {f"PMDAEMON_HOME={home}".encode()}
    with suppress(FileNotFoundError):
        status = home.stat()
        marks.add(f"PMDAEMON_TOKEN={status.st_dev:x}-{status.st_ino:x}.".encode())
    return [pid for pid in pids() if pid != os.getpid() and _is_marked(pid, marks)]


def end_all(home: Path) -> None:
    """End what is left of a home, by pid, until there is nothing, not even groups of runs."""

    def ended() -> bool:
        # The daemon may be starting something at this moment, so look again.
        left = running_for(home)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    eventually_sync(ended)
    remove_groups(home)


def is_alive(pid: int) -> bool:
    """Tell whether there is such a process that has not ended.

    A zombie has, but not while threads of it go on, which hold its files open (proc(5)).
    """
    try:
        state, *_ = fields = _stat(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"} or int(fields[17]) > 1


def has_executed(pid: int) -> bool:
    """Tell whether a process has executed something since its fork (PF_FORKNOEXEC, proc(5))."""
    try:
        return not int(_stat(pid)[6]) & 0x40
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent_of(pid: int) -> int:
    """Return the pid of a process's parent."""
    return int(_stat(pid)[1])


def session_of(pid: int) -> int:
    """Return the pid of the leader of a process's session; 0 where the process is gone."""
    try:
        return int(_stat(pid)[3])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def children_of(pid: int) -> list[int]:
    """List the processes that have this parent."""
    found = []
    for each in pids():
        with suppress(FileNotFoundError, ProcessLookupError):
            if parent_of(each) == pid:
                found.append(each)
    return found


def command_line(pid: int) -> list[str]:
    """Return the words that a process was executed with, also if that is just being done."""
    file = Path(f"/proc/{pid}/cmdline")
    words = eventually_sync(
        lambda: file.read_bytes() or not (is_alive(pid) and _runs_a_program(pid))
    )
    # Those of anybody, which may be no text.
    return [] if isinstance(words, bool) else os.fsdecode(words).split("\0")[:-1]


def environment_of(pid: int) -> dict[str, str]:
    """Return what a process got as its environment."""
    words = _environment(pid).decode().split("\0")[:-1]
    return dict(word.split("=", 1) for word in words)


def words_of(pid: int, file: str) -> list[bytes]:
    """Read `cmdline` or `environ` of a process that may be gone."""
    try:
        if file == "environ":
            return _environment(pid).split(b"\0")
        return Path(f"/proc/{pid}/{file}").read_bytes().split(b"\0")
    except OSError:
        return []  # gone, or not ours


def pids() -> list[int]:
    """List all processes of the machine."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def _environment(pid: int) -> bytes:
    """Read it also while the program is just being executed, when it is not there yet."""
    file = Path(f"/proc/{pid}/environ")
    environment = file.read_bytes()
    if environment or not _runs_a_program(pid):
        return environment

    def told() -> bytes | None:
        there = not is_alive(pid) or _has_its_environment(pid)
        return file.read_bytes() or (b"\0" if there else None)

    return eventually_sync(told)


def _runs_a_program(pid: int) -> bool:
    """Tell whether it is no thread of the kernel's."""
    try:
        return bool(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return False


def _has_its_environment(pid: int) -> bool:
    """Tell whether a program has been given one, be it empty: it has a place (env_end, proc(5))."""
    try:
        return _stat(pid)[48] != "0"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _is_marked(pid: int, marks: Iterable[bytes]) -> bool:
    return any(word in marks or _mark_in(word) in marks for word in words_of(pid, "environ"))


def _mark_in(word: bytes) -> bytes:
    """Cut a token down to the part that is of the home."""
    return word[: word.find(b".") + 1]


def _stat(pid: int) -> list[str]:
    # The name of the program, in parentheses, may have spaces in it (proc(5)).
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()

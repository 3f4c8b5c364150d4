"""What a daemon that died leaves behind: its programs, which are the keeper's children then."""

import os
import sys
from collections.abc import Container
from typing import NamedTuple

from pmdaemon.daemon.kept import Program


class Stat(NamedTuple):
    """A process, as the kernel has it until it is reaped; `start` in clock ticks since boot."""

    pid: int
    parent: int
    session: int
    start: int


def be_subreaper() -> bool:
    """Become the parent of every orphan below us (prctl(2), Linux only); say whether we are."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # noqa: PLC0415 - only here

    pr_set_child_subreaper = 36
    done: int = ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)
    return done == 0


def begun_since(since: int, *, known: Container[Program], not_the: int | None) -> Program | None:
    """Find what a daemon began to start when it died.

    What it had started is our child now, dead or alive. This one leads a session, or is about
    to; it may not have got to its exec, so there is nothing else to tell it by.

    Args:
        since: clock ticks since boot, before which it was not started.
        known: the programs that it is not.
        not_the: the pid of the daemon itself.

    """
    processes = os.listdir("/proc") if sys.platform == "linux" else ()  # noqa: PTH208 - lean
    for name in processes:
        if not name.isdigit() or int(name) == not_the:
            continue
        pid, parent, session, start = stat(int(name))
        if parent != os.getpid() or start < since or (pid, start) in known:
            continue
        if session in {pid, os.getsid(0)}:
            return pid, start
    return None


def stat(pid: int) -> Stat:
    """Read what there is until a process is reaped, from proc(5); zeros where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib is not loaded here
            fields = file.read().rpartition(b")")[2].split()
            return Stat(pid, int(fields[1]), int(fields[3]), int(fields[19]))
    except (OSError, IndexError, ValueError):
        return Stat(pid, 0, 0, 0)

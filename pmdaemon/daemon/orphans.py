"""What a daemon that died leaves behind: its programs, which are the keeper's children then."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from pmdaemon.daemon.kept import Program


def be_subreaper() -> bool:
    """Become the parent of every orphan below us (prctl(2), Linux only); say whether we are."""
    if not sys.platform.startswith("linux"):
        return False
    pr_set_child_subreaper = 36
    return _prctl()(pr_set_child_subreaper, 1, 0, 0, 0) == 0


def _prctl() -> Callable[..., int]:
    """Find prctl(2), which Python has no function for: by the half of `ctypes` that is in C."""
    try:
        import _ctypes  # noqa: PLC0415 - only here

        call = _ctypes.call_function
        itself = _ctypes.dlopen(None, 0)  # type: ignore[arg-type] # NULL, as dlopen(3) has it
        found = _ctypes.dlsym(itself, "prctl")
    except (AttributeError, ImportError, TypeError):
        import ctypes  # noqa: PLC0415 - as above

        whole: Callable[..., int] = ctypes.CDLL(None).prctl
        return whole
    return lambda *arguments: call(found, arguments)


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
        pid = int(name)
        parent, session, start = _stat(pid)
        if parent != os.getpid() or start < since or (pid, start) in known:
            continue
        if session in {pid, os.getsid(0)}:
            return pid, start
    return None


def start_of(pid: int) -> int:
    """Tell when a process began, in clock ticks since boot, or 0 where it is reaped."""
    return _stat(pid)[2]


def _stat(pid: int) -> tuple[int, int, int]:
    """Read parent, session and start of a process from proc(5); zeros where it is reaped."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib is not loaded here
            fields = file.read().rpartition(b")")[2].split()
            return int(fields[1]), int(fields[3]), int(fields[19])
    except (OSError, IndexError, ValueError):
        return 0, 0, 0

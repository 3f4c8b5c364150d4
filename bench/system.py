"""What the kernel says about processes, and about the machine."""

import os
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")


REAL_TIME = 10
"""The priority among real-time processes (sched(7)) of those that are measured so."""


class BenchFailed(Exception):
    """Something did not go as it has to for a figure to mean anything."""


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """Add up the processor time used so far, all threads, in nanosecond resolution."""
    return sum(time.clock_gettime(_cpu_clock(process.pid)) for process in processes)


def _cpu_clock(pid: int) -> int:
    # The id that clock_getcpuclockid(3) makes: the complement of the pid, and 2 for "scheduler".
    return (~pid << 3) | 2


@contextmanager
def at_real_time(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Have processes run before all others, in turns among themselves, as long as this lasts.

    Raises:
        PermissionError: that takes rights which we do not have.

    """
    try:
        _schedule(processes, os.SCHED_RR, REAL_TIME)
        yield
    finally:
        _schedule(processes, os.SCHED_OTHER, 0)


def _schedule(processes: Iterable[psutil.Process], policy: int, priority: int) -> None:
    for process in processes:
        for thread in process.threads():
            os.sched_setscheduler(thread.id, policy, os.sched_param(priority))


def memory(processes: Iterable[psutil.Process]) -> dict[str, int]:
    """Add up resident, proportional and private memory, in bytes.

    Proportional memory divides a page by the number of its users, this measuring program among
    them where it runs the same interpreter; so the resident size is told beside it.
    """
    total = {"Rss": 0, "Pss": 0, "Private": 0}
    for process in processes:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines():
            if found := re.match(r"(Rss|Pss|Private)(?:_Clean|_Dirty)?: +(\d+) kB", line):
                if line.startswith(("Pss_", "Rss_")):
                    continue
                total[found[1]] += int(found[2]) * 1024
    return total


def wait_for(condition: Callable[[], T], what: str, *, within: float = 30.0) -> T:
    """Look every few milliseconds until something is so.

    Raises:
        BenchFailed: it is not so in time.

    """
    give_up = time.monotonic() + within
    while not (found := condition()):
        if time.monotonic() > give_up:
            raise BenchFailed(f"waited {within:g} s in vain: {what}")
        time.sleep(0.005)
    return found


def end(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """See that none of these is left; return those that had to be killed for it."""
    _, left = psutil.wait_procs(list(processes), timeout=10)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=10)
    return left


def describe_machine() -> str:
    """Say on what the figures were taken."""
    cpuinfo = Path("/proc/cpuinfo").read_text("utf-8")
    model = re.search(r"model name\s*: (.+)", cpuinfo)
    memory_size = psutil.virtual_memory().total / 2**30
    load, _, _ = os.getloadavg()
    return (
        f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {memory_size:.0f} GiB,"
        f" Linux {platform.release()}, Python {platform.python_version()},"
        f" homes on {_file_system(tempfile.gettempdir())}, load {load:.2f} at the start"
    )


def _file_system(path: str) -> str:
    """Say what kind of file system a folder is on: making many files takes longer on some."""
    mounts = [one for one in psutil.disk_partitions(all=True) if _is_below(path, one.mountpoint)]
    return max(mounts, key=lambda one: len(one.mountpoint)).fstype


def _is_below(path: str, folder: str) -> bool:
    return Path(path).resolve().is_relative_to(folder)

"""Knowing a child again that has just been started."""

import os
import signal
import time
from contextlib import suppress

from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.process import Identity

_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
"""Nanoseconds."""


class Children:
    """Identifies children, mostly without asking the system.

    What is started within one tick of the kernel's clock began in that tick, so most need not be
    looked up. The clock is believed once it has been found to agree with what `reader` says of a
    child.
    """

    def __init__(self, reader: ProcessReader) -> None:
        self._reader = reader
        self._clock_agrees: bool | None = None

    def identify(self, pid: int, before: int) -> Identity | None:
        """Find out which process a child is, as the function `identify` does.

        Args:
            pid: Its number; nobody has waited for it yet.
            before: The ticks since boot, before it was started.

        """
        is_known = before == ticks_since_boot() != 0
        if is_known and self._clock_agrees:
            return Identity(pid, before)
        identity = identify(self._reader, pid)
        if identity is not None and is_known and self._clock_agrees is None:
            self._clock_agrees = identity.start_time == before
        return identity


def ticks_since_boot() -> int:
    """Tell the time as the kernel writes down when a process began (proc(5)); 0 without a clock."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // _TICK


def identify(reader: ProcessReader, pid: int) -> Identity | None:
    """Find out which process a child of ours is, the first of its session.

    One that the system does not show is killed: nobody could end it later.
    """
    if (entry := reader.entry(pid)) is not None:
        return entry.identity
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
    return None

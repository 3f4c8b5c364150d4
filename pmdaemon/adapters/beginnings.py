"""When processes began, as the kernel writes it down (proc(5)): in clock ticks since boot."""

import os
import time

from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.process import Identity

_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
"""Nanoseconds."""


def ticks_since_boot() -> int:
    """Tell the time in these ticks; 0 where the system has no such clock."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // _TICK


class Beginnings:
    """Tells who a child is that was just started.

    What is started within one tick began in that tick, so most children need not be looked up,
    which is a tenth of the work of a start. The clock is believed once it has been found to agree
    with what `reader` says of a child.
    """

    def __init__(self, reader: ProcessReader) -> None:
        self._reader = reader
        self._clock_agrees: bool | None = None

    def identity(self, pid: int, before: int) -> Identity | None:
        """Identify a child that nobody has waited for yet; None when it is hidden from us.

        Args:
            pid: Its number.
            before: The ticks since boot, before it was started.

        """
        after = ticks_since_boot()
        is_known = before == after != 0
        if is_known and self._clock_agrees:
            return Identity(pid, before)
        entry = self._reader.entry(pid)
        if entry is None:
            return None
        if is_known and self._clock_agrees is None:
            self._clock_agrees = entry.start_time == before
        return entry.identity

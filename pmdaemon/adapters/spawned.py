"""Knowing a child again that has just been started."""

import os
import signal
from contextlib import suppress

from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.process import Identity


def identify(reader: ProcessReader, pid: int) -> Identity | None:
    """Find out which process a child of ours is, the first of its session.

    One that the system does not show could never be ended later: it is killed, and None returned.
    """
    if (entry := reader.entry(pid)) is not None:
        return entry.identity
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
    return None

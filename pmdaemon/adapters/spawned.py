"""Knowing a child again that has just been started."""

import os
import signal
from contextlib import suppress

from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.core.process import Identity


def identify(reader: ProcessReader, pid: int) -> Identity | None:
    """Find out which process a child of ours is, the first of its session.

    One that the system does not show is ended.
    """
    if (entry := reader.entry(pid)) is not None:
        return entry.identity
    end_unseen(pid)
    return None


def end_unseen(pid: int) -> None:
    """Kill a child of ours that the system does not show: nobody could end it later."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)

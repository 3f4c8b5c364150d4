"""Holding on to one process, so that a pid used again is never mistaken for it."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from pmdaemon.core.process import Exit, Identity


class ProcessHandles(Protocol):
    """Waits for processes and signals them; callbacks come once, from the event loop."""

    def when_ended(self, identity: Identity, callback: Callable[[], None]) -> None:
        """Call `callback` when this process has ended, leaving its exit to whoever reaps it."""

    def exit_when_ended(self, identity: Identity, callback: Callable[[Exit], None]) -> None:
        """Call `callback` with the exit of this process when it has ended; it is to be reaped then.

        The exit of what is not our child, or is gone already, is unknown.
        """

    def reap(self, identity: Identity) -> None:
        """Have done with a process whose exit was told.

        Until then it is a zombie: should we die, its exit is there for whoever is its parent next.
        """

    def send_signal(self, identity: Identity, number: int) -> None:
        """Send a signal, unless the process is gone or not ours to signal."""

    def close(self) -> None:
        """Stop waiting for anything."""


def look_at_exit(id_type: int, identifier: int) -> Exit | None:
    """Read the exit of a child of ours and leave it there, waitid(2); None when it has not ended.

    That of what is not our child is unknown.
    """
    try:
        result = os.waitid(id_type, identifier, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return Exit()
    if result is None:
        return None
    if result.si_code == os.CLD_EXITED:
        return Exit(code=result.si_status)
    return Exit(signal=result.si_status)


def reap(pid: int) -> None:
    """Let go of a child of ours that has ended; what is none is left alone."""
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG)

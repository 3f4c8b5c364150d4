"""Holding on to one process, so that a pid used again is never mistaken for it."""

from collections.abc import Callable
from typing import Protocol

from pmdaemon.core.process import Exit, Identity


class ProcessHandles(Protocol):
    """Waits for processes and signals them; callbacks come once, from the event loop."""

    def when_ended(self, identity: Identity, callback: Callable[[], None]) -> None:
        """Call `callback` when this process has ended, leaving its exit to whoever reaps it."""

    def reap_when_ended(self, identity: Identity, callback: Callable[[Exit], None]) -> None:
        """Reap this process when it has ended, and call `callback` with its exit.

        The exit of what is not our child, or is gone already, is unknown.
        """

    def send_signal(self, identity: Identity, number: int) -> None:
        """Send a signal, unless the process is gone or not ours to signal."""

    def close(self) -> None:
        """Stop waiting for anything."""

"""Holding on to one process, so that a pid used again is never mistaken for it."""

from collections.abc import Callable
from typing import Protocol

from pmdaemon.core.process import Exit, Identity


class ProcessHandles(Protocol):
    """Waits for processes and signals them; callbacks come once, from the event loop."""

    def when_ended(self, identity: Identity, callback: Callable[[], None]) -> None:
        """Call `callback` when this process has ended, leaving its exit to whoever reaps it."""

    def exit_when_ended(
        self, identity: Identity, callback: Callable[[Exit], None], *, is_held: bool = False
    ) -> None:
        """Call `callback` with the exit of this process when it has ended; it is to be reaped then.

        The exit of what is not our child, or is gone already, is unknown. `is_held` says that it
        is a child which nobody can have reaped, so that its pid cannot be another's.
        """

    def reap(self, identity: Identity) -> None:
        """Have done with a process whose exit was told.

        Until then, where the system lets us, it is a zombie: should we die, its exit is there for
        whoever is its parent next.
        """

    def send_signal(self, identity: Identity, number: int) -> None:
        """Send a signal, unless the process is gone or not ours to signal."""

    def close(self) -> None:
        """Stop waiting for anything."""

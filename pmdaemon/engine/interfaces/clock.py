"""The time."""

from collections.abc import Callable
from typing import Protocol

from pmdaemon.core.process import Instant


class Cancellable(Protocol):
    """Something that is going to happen, unless it is cancelled."""

    def cancel(self) -> None:
        """Make it not happen."""


class Clock(Protocol):
    """The time, and things to be done later."""

    def now(self) -> Instant:
        """Read both clocks."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancellable:
        """Call `callback` once, after `seconds`."""

"""Tells those who follow logs that there is something to read, and nobody else anything."""

from collections.abc import Callable

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import OutputGrew
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import OutputCapture


class LogHub:
    """Publishes `OutputGrew` for as long as at least one follower is there."""

    def __init__(self, *, capture: OutputCapture, bus: Bus) -> None:
        self._capture = capture
        self._bus = bus
        self._followers = 0

    def follow(self) -> Callable[[], None]:
        """Begin to publish growth; the result, called once, ends it."""
        self._followers += 1
        self._capture.on_growth(self._grew)
        return self._unfollow

    def _unfollow(self) -> None:
        self._followers -= 1
        if not self._followers:
            self._capture.on_growth(None)

    def _grew(self, pm_id: int, stream: OutputStream) -> None:
        self._bus.publish(OutputGrew(pm_id, stream))

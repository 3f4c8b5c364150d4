"""One timer a process: a new one takes the place of the old."""

from collections.abc import Callable

from pmdaemon.engine.interfaces import Cancellable, Clock


class Timers:
    """Timers by pm_id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: dict[int, Cancellable] = {}

    def set(self, pm_id: int, seconds: float, callback: Callable[[], None]) -> None:
        """Call `callback` after `seconds`, unless a newer timer of this process replaces it."""
        self.cancel(pm_id)

        def fire() -> None:
            self._pending.pop(pm_id, None)
            callback()

        self._pending[pm_id] = self._clock.call_later(seconds, fire)

    def cancel(self, pm_id: int) -> None:
        """Drop the timer of this process, if there is one."""
        if (timer := self._pending.pop(pm_id, None)) is not None:
            timer.cancel()

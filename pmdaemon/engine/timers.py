"""Timers: one a process, where a new one takes the place of the old, and pauses."""

import asyncio
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


async def pause(clock: Clock, seconds: float) -> None:
    """Let so much time pass."""
    over = asyncio.Event()
    timer = clock.call_later(seconds, over.set)
    try:
        await over.wait()
    finally:
        timer.cancel()

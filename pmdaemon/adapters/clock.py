"""The time of this machine."""

import asyncio
import time
from collections.abc import Callable

from pmdaemon.core.process import Instant
from pmdaemon.engine.interfaces import Cancellable


class SystemClock:
    """The real clocks, and the running event loop's timers."""

    def now(self) -> Instant:
        """Read both clocks."""
        return Instant(wall=time.time(), monotonic=time.monotonic())

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancellable:
        """Call `callback` once, from the running event loop, after `seconds`."""
        return asyncio.get_running_loop().call_later(seconds, callback)

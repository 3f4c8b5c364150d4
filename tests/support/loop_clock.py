"""The real time, for tests of what works with real descriptors."""

import asyncio
import time
from collections.abc import Callable

from pmdaemon.core.process import Instant


class LoopClock:
    def now(self) -> Instant:
        return Instant(wall=time.time(), monotonic=time.monotonic())

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, callback)

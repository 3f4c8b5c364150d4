"""Writes records down behind everybody's back: many at a time, and nobody waits for the disk.

What begins with one record goes on with more, as when a file of apps is started. So there is a
pause before they are written: that work would be in the way of what they are about.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from pmdaemon.core.errors import StoreUnavailable

log = logging.getLogger(__name__)

MOST_UNWRITTEN = 5000
"""Records that wait for the disk; when more come, the oldest of them are lost."""

PAUSE = 0.25
"""Seconds that a record waits for others, and may be lost with us."""

PLENTY = 1000
"""Records that wait for no others."""

T = TypeVar("T")


class WriteBehind(Generic[T]):
    """Gathers records, and writes them together.

    Args:
        what: what they are, for the log.
        write: writes some; raises StoreUnavailable when it cannot.

    """

    def __init__(self, what: str, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._what = what
        self._write = write
        self._unwritten: deque[T] = deque(maxlen=MOST_UNWRITTEN)
        self._news = asyncio.Event()
        self._plenty = asyncio.Event()
        self._lock = asyncio.Lock()

    def add(self, record: T) -> None:
        """Have a record written soon."""
        self._unwritten.append(record)
        self._news.set()
        if len(self._unwritten) >= PLENTY:
            self._plenty.set()

    async def work(self) -> None:
        """Write what comes until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._plenty.wait(), PAUSE)
            await self.catch_up()

    async def catch_up(self) -> None:
        """Write all that there is; what the disk refuses is lost, and the log says so."""
        async with self._lock:
            if not (records := [*self._unwritten]):
                return
            self._unwritten.clear()
            self._plenty.clear()
            try:
                await self._write(records)
            except StoreUnavailable as error:
                # Programs come first; and what is kept for a disk that is full has no end.
                log.error("%s.lost records=%d reason=%s", self._what, len(records), error)

"""Writes records down behind everybody's back: many at a time, and nobody waits for the disk."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from pmdaemon.core.errors import StoreUnavailable

log = logging.getLogger(__name__)

MOST_UNWRITTEN = 5000
"""Records that wait for the disk; when more come, the oldest of them are lost."""

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
        self._turn = asyncio.Lock()

    def add(self, record: T) -> None:
        """Have a record written soon."""
        self._unwritten.append(record)
        self._news.set()

    async def work(self) -> None:
        """Write what comes until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.catch_up()

    async def catch_up(self) -> None:
        """Write all that there is; what the disk refuses is lost, and the log says so."""
        async with self._turn:
            if not (records := [*self._unwritten]):
                return
            self._unwritten.clear()
            try:
                await self._write(records)
            except StoreUnavailable as error:
                # Programs come first; and what is kept for a disk that is full has no end.
                log.error("%s.lost records=%d reason=%s", self._what, len(records), error)

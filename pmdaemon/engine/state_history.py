"""Keeps the history of states: each change of a process is written down behind its back."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.state_history import StateQuery, StateRecord, record_between
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, StateStore

log = logging.getLogger(__name__)

MOST_UNWRITTEN = 5000
"""Records that wait for the disk; when more happens, the oldest of them are lost."""


class StateHistory:
    """Writes records down, and finds them again."""

    def __init__(self, *, clock: Clock, bus: Bus, store: StateStore) -> None:
        self._clock = clock
        self._store = store
        self._unwritten: deque[StateRecord] = deque(maxlen=MOST_UNWRITTEN)
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        bus.subscribe(self._heed, ProcessChanged)

    async def find(self, query: StateQuery) -> Sequence[StateRecord]:
        """List what fits, oldest first.

        Raises:
            StoreUnavailable: it cannot be read.

        """
        await self._write()
        return await self._store.find(query)

    async def work(self) -> None:
        """Write what changes until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self._write()

    def _heed(self, notice: Notice) -> None:
        if isinstance(notice, ProcessChanged):
            now = self._clock.now().wall
            record = record_between(notice.before, notice.after, now)
            if record is not None:
                self._unwritten.append(record)
                self._news.set()

    async def _write(self) -> None:
        async with self._turn:
            if not (records := list(self._unwritten)):
                return
            self._unwritten.clear()
            try:
                await self._store.write(records)
            except StoreUnavailable as error:
                # Programs come first; and what is kept for a disk that is full has no end.
                log.error("states.lost records=%d reason=%s", len(records), error)

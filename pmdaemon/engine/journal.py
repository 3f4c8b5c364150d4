"""Keeps the journal: writes down what happens to processes, and what consumers send in.

What happens is written behind the processes' backs, many entries at a time, and holds nobody up.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.journal import Entry, EntryQuery, Severity, entries_between
from pmdaemon.core.notices import EntryWritten, Notice, ProcessChanged
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, JournalStore

log = logging.getLogger(__name__)

MOST_UNWRITTEN = 5000
"""Entries that wait for the disk; when more happens, the oldest of them are lost."""


class Journal:
    """Writes entries down, and finds them again."""

    def __init__(self, *, clock: Clock, bus: Bus, store: JournalStore) -> None:
        self._clock = clock
        self._bus = bus
        self._store = store
        self._unwritten: deque[Entry] = deque(maxlen=MOST_UNWRITTEN)
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        bus.subscribe(self._heed, ProcessChanged)

    async def submit(
        self,
        text: str,
        *,
        severity: Severity,
        category: str,
        process: str | None = None,
        consumer: str | None = None,
    ) -> Entry:
        """Write down what somebody sent in; when this returns, it can be found.

        Raises:
            StoreUnavailable: it was not written.

        """
        entry = Entry(
            time=self._clock.now().wall,
            severity=severity,
            category=category,
            text=text,
            process=process,
            consumer=consumer,
        )
        await self._store.write([entry])
        self._bus.publish(EntryWritten(entry))
        return entry

    async def find(self, query: EntryQuery) -> Sequence[Entry]:
        """List what fits, oldest first.

        Raises:
            StoreUnavailable: it cannot be read.

        """
        await self._write()
        return await self._store.find(query)

    async def work(self) -> None:
        """Write what happens until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self._write()

    def _heed(self, notice: Notice) -> None:
        if not isinstance(notice, ProcessChanged):
            return
        now = self._clock.now().wall
        for entry in entries_between(notice.before, notice.after, notice.events, now):
            self._unwritten.append(entry)
            self._bus.publish(EntryWritten(entry))
            self._news.set()

    async def _write(self) -> None:
        async with self._turn:
            if not (entries := list(self._unwritten)):
                return
            self._unwritten.clear()
            try:
                await self._store.write(entries)
            except StoreUnavailable as error:
                # Programs come first; and what is kept for a disk that is full has no end.
                log.error("journal.lost entries=%d reason=%s", len(entries), error)

"""Keeps the journal: writes down what happens to processes, and what consumers send in.

What happens is written behind the processes' backs, many entries at a time, and holds nobody up.
"""

from collections.abc import Sequence

from pmdaemon.core.journal import Entry, EntryQuery, Severity, entries_between
from pmdaemon.core.notices import EntryWritten, Notice, ProcessChanged
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, JournalStore
from pmdaemon.engine.write_behind import WriteBehind


class Journal:
    """Writes entries down, and finds them again."""

    def __init__(self, *, clock: Clock, bus: Bus, store: JournalStore) -> None:
        self._clock = clock
        self._bus = bus
        self._store = store
        self._behind = WriteBehind[Entry]("journal", store.write)
        bus.subscribe(self._on_notice, ProcessChanged)

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
        await self._behind.catch_up()
        return await self._store.find(query)

    async def work(self) -> None:
        """Write what happens until cancelled."""
        await self._behind.work()

    async def finish(self) -> None:
        """Write what still waits for that; to be called when `work` has been cancelled."""
        await self._behind.catch_up()

    def _on_notice(self, notice: Notice) -> None:
        if not isinstance(notice, ProcessChanged):
            return
        now = self._clock.now().wall
        for entry in entries_between(notice.before, notice.after, notice.events, now):
            self._behind.add(entry)
            self._bus.publish(EntryWritten(entry))

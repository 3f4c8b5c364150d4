"""A journal in memory."""

import asyncio
from collections.abc import Sequence

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.journal import Entry, EntryQuery


class MemoryJournal:
    """Remembers the newest entries; while `failure` is set, nothing can be read or written."""

    def __init__(self, *, entries: int = 20_000) -> None:
        self.failure: StoreUnavailable | None = None
        self._entries: list[Entry] = []
        self._most = entries

    async def write(self, entries: Sequence[Entry]) -> None:
        """Write entries down."""
        await self._be_reached()
        self._entries = [*self._entries, *entries][-self._most :]

    async def find(self, query: EntryQuery) -> Sequence[Entry]:
        """List what fits, oldest first."""
        await self._be_reached()
        fitting = [one for one in self._entries if _fits(one, query)]
        fitting.sort(key=lambda one: one.time)
        return fitting[-query.limit :] if query.limit else []

    async def _be_reached(self) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure


def _fits(entry: Entry, query: EntryQuery) -> bool:
    return (
        (query.since is None or entry.time >= query.since)
        and (query.until is None or entry.time <= query.until)
        and query.severity in {None, entry.severity}
        and query.consumer in {None, entry.consumer}
        and (query.processes is None or (entry.process or "") in query.processes)
    )

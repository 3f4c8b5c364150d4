"""A journal in memory."""

from pmdaemon.core.journal import Entry, EntryQuery
from tests.fakes.records import MemoryRecords


class MemoryJournal(MemoryRecords[Entry, EntryQuery]):
    """Remembers the newest entries."""

    def __init__(self, *, entries: int = 20_000) -> None:
        super().__init__(entries, _fits)


def _fits(entry: Entry, query: EntryQuery) -> bool:
    return (
        query.severity in {None, entry.severity}
        and query.consumer in {None, entry.consumer}
        and (query.processes is None or (entry.process or "") in query.processes)
    )

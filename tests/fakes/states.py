"""A history of states in memory."""

from pmdaemon.core.state_history import StateQuery, StateRecord
from tests.fakes.records import MemoryRecords


class MemoryStates(MemoryRecords[StateRecord, StateQuery]):
    """Remembers the newest records."""

    def __init__(self, *, records: int = 20_000) -> None:
        super().__init__(records, _fits)


def _fits(record: StateRecord, query: StateQuery) -> bool:
    return query.processes is None or record.process in query.processes

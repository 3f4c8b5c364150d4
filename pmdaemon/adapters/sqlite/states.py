"""The history of states, in the same file as everything else, and bounded."""

from collections.abc import Sequence

import msgspec

from pmdaemon.adapters.sqlite.bounded import BoundedTable, Statements
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.process import Exit, ProcessState
from pmdaemon.core.state_history import StateQuery, StateRecord

MOST_RECORDS = 20_000

TABLE = Statements(
    write="""
INSERT INTO states (
    time, process, state, blocked, restarts, pid, exit_code, exit_signal, ran, exhausted
) VALUES (
    :time, :process, :state, :blocked, :restarts, :pid, :exit_code, :exit_signal, :ran, :exhausted
)
""",
    prune="DELETE FROM states WHERE id <= (SELECT max(id) FROM states) - ?",
    find="""
SELECT * FROM states
WHERE (:since IS NULL OR time >= :since) AND (:until IS NULL OR time <= :until)
  AND (:processes IS NULL OR process IN (SELECT value FROM json_each(:processes)))
ORDER BY time DESC, id DESC LIMIT :limit
""",
)


class SqliteStates:
    """Remembers records in the file of a store that is open."""

    def __init__(self, store: SqliteStore, *, records: int = MOST_RECORDS) -> None:
        self._table = BoundedTable(store, TABLE, rows=records)

    async def write(self, records: Sequence[StateRecord]) -> None:
        """Write records down, all or none, and let the oldest make room now and then."""
        await self._table.write([_row(one) for one in records])

    async def find(self, query: StateQuery) -> Sequence[StateRecord]:
        """List what fits, oldest first; of what came at the same time, what was written first."""
        return await self._table.find(query, _record)


def _row(record: StateRecord) -> dict[str, object]:
    row = msgspec.structs.asdict(record)
    ended: Exit | None = row.pop("exit")
    return {
        **row,
        "exit_code": ended.code if ended is not None else None,
        "exit_signal": ended.signal if ended is not None else None,
    }


def _record(row: dict[str, object]) -> StateRecord:
    del row["id"]
    code, signal = row.pop("exit_code"), row.pop("exit_signal")
    known = code is not None or signal is not None
    ended = {"code": code, "signal": signal} if known else None
    if row["state"] not in {None, *ProcessState}:
        row["state"] = None  # of a later release
    return msgspec.convert({**row, "exit": ended}, StateRecord, strict=False)

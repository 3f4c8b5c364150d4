"""The journal, in the same file as everything else, and bounded."""

from collections.abc import Sequence

import msgspec

from pmdaemon.adapters.sqlite import stored
from pmdaemon.adapters.sqlite.bounded import BoundedTable, Statements
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.journal import Entry, EntryQuery

MOST_ENTRIES = 20_000

MOST_BYTES = 16 * 1024 * 1024
"""Of texts, some 16 million characters; entries that are large leave room for fewer."""

TABLE = Statements(
    write="""
INSERT INTO journal (time, severity, category, text, process, consumer)
VALUES (:time, :severity, :category, :text, :process, :consumer)
""",
    prune="""
DELETE FROM journal WHERE id <= (
    SELECT max(id) FROM (
        SELECT id, row_number() OVER newest AS number,
               sum(length(text) + length(category)) OVER newest AS size
        FROM journal WINDOW newest AS (ORDER BY id DESC)
    ) WHERE number > ? OR size > ?
)
""",
    find="""
SELECT time, severity, category, text, process, consumer FROM journal
WHERE (:since IS NULL OR time >= :since) AND (:until IS NULL OR time <= :until)
  AND (:severity IS NULL OR severity = :severity)
  AND (:consumer IS NULL OR consumer = :consumer)
  AND (:processes IS NULL OR ifnull(process, '') IN (SELECT value FROM json_each(:processes)))
ORDER BY time DESC, id DESC LIMIT :limit
""",
)


class SqliteJournal:
    """Remembers entries in the file of a store that is open."""

    def __init__(
        self, store: SqliteStore, *, entries: int = MOST_ENTRIES, size: int = MOST_BYTES
    ) -> None:
        self._table = BoundedTable(store, TABLE, rows=entries, bounds=[size])

    async def write(self, entries: Sequence[Entry]) -> None:
        """Write entries down, all or none, and let the oldest make room now and then."""
        await self._table.write(
            [{**msgspec.structs.asdict(one), "text": _storable(one.text)} for one in entries]
        )

    async def find(self, query: EntryQuery) -> Sequence[Entry]:
        """List what fits, oldest first; of what came at the same time, what was written first."""
        return await self._table.find(query, stored.entry_from_row)


def _storable(text: str) -> str:
    """Write a text so that SQLite takes it: bytes that were no UTF-8 are replaced."""
    return text.encode("utf-8", "replace").decode()

"""Tables of which the newest rows stay, in the same file as everything else."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from pmdaemon.adapters.sqlite.store import SqliteStore

T = TypeVar("T")

WRITES_PER_PRUNING = 200
"""Rows after which the oldest make room: to look at all of them takes some milliseconds."""


class Statements(msgspec.Struct, frozen=True):
    """What is done with a table, in SQL.

    `write` takes a row by the names of its columns, `prune` the bounds of the table by their
    places, and `find` the fields of a query by their names; it lists the newest first.
    """

    write: str
    prune: str
    find: str


class BoundedTable:
    """Writes rows and finds them; `rows` at the most, and what else `bounds` say, is to stay."""

    def __init__(
        self, store: SqliteStore, statements: Statements, *, rows: int, bounds: Sequence[int] = ()
    ) -> None:
        self._store = store
        self._statements = statements
        self._bounds = rows, *bounds
        self._rows_per_pruning = min(WRITES_PER_PRUNING, rows)
        self._written = 0

    async def write(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Write rows down, all or none, and let the oldest make room now and then."""
        self._written += len(rows)
        is_time = self._written >= self._rows_per_pruning

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(self._statements.write, rows)
            if is_time:
                connection.execute(self._statements.prune, self._bounds)

        await self._store.work(write)
        if is_time:
            self._written = 0

    async def find(
        self, query: msgspec.Struct, from_row: Callable[[dict[str, Any]], T]
    ) -> Sequence[T]:
        """List what fits, oldest first; of what came at the same time, what was written first.

        A sequence in the query becomes a JSON array, which `json_each` takes apart. Rows are read
        where the store works, so that many of them hold nobody up.
        """
        values = {
            name: msgspec.json.encode(value).decode() if isinstance(value, tuple) else value
            for name, value in msgspec.structs.asdict(query).items()
        }

        def read(connection: sqlite3.Connection) -> Sequence[T]:
            rows = connection.execute(self._statements.find, values).fetchall()
            return [from_row(dict(row)) for row in reversed(rows)]

        return await self._store.work(read)

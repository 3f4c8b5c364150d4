"""The runs of jobs, in the same file as everything else."""

import sqlite3
from collections.abc import Sequence

from pmdaemon.adapters.sqlite import stored
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.job_runs import JobRun

WRITE = """
INSERT INTO job_runs (
    app, pm_id, launch, due, began, ended, outcome, exit, out_start, out_end, err_start, err_end
) VALUES (
    :app, :pm_id, :launch, :due, :began, :ended, :outcome, :exit,
    :out_start, :out_end, :err_start, :err_end
)
ON CONFLICT (app, pm_id, launch) DO UPDATE SET
    ended = excluded.ended, outcome = excluded.outcome, exit = excluded.exit,
    out_end = excluded.out_end, err_end = excluded.err_end
"""

PRUNE = """
DELETE FROM job_runs WHERE app = :app AND id NOT IN (
    SELECT id FROM job_runs WHERE app = :app ORDER BY id DESC LIMIT :keep
)
"""

READ = "SELECT * FROM job_runs WHERE app IN ({}) ORDER BY id DESC LIMIT ?"

READ_UNFINISHED = "SELECT * FROM job_runs WHERE ended IS NULL ORDER BY id"

FORGET = "DELETE FROM job_runs WHERE app = ?"


class SqliteRunHistory:
    """Remembers runs in the file of a store that is open."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def record(self, run: JobRun, *, keep: int) -> None:
        """Write a run down, in place of what was written of it before; the `keep` latest stay."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(WRITE, stored.run_to_row(run))
            connection.execute(PRUNE, {"app": run.app, "keep": max(1, keep)})

        await self._store.work(write)

    async def runs(self, apps: Sequence[str], *, limit: int) -> Sequence[JobRun]:
        """List the latest runs of these apps, the youngest first."""
        query = READ.format(", ".join("?" * len(apps)))  # no values, only places for them
        return await self._store.work(lambda connection: _read(connection, query, *apps, limit))

    async def unfinished(self) -> Sequence[JobRun]:
        """List the runs whose end was not written down."""
        return await self._store.work(lambda connection: _read(connection, READ_UNFINISHED))

    async def forget(self, app: str) -> None:
        """Remove all runs of an app."""
        await self._store.work(lambda connection: connection.execute(FORGET, (app,)))


def _read(connection: sqlite3.Connection, query: str, *values: object) -> Sequence[JobRun]:
    return [stored.run_from_row(row) for row in map(dict, connection.execute(query, values))]

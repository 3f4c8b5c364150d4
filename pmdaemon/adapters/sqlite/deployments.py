"""Deployments and releases, in the same file as everything else."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.deployments import Deployment
from pmdaemon.core.releases import Release
from pmdaemon.engine.interfaces.deploying import DeploymentQuery

NEXT_NUMBER = """
SELECT coalesce(max(number), 0) + 1 FROM (
    SELECT number FROM deployments WHERE project_id = :project_id
    UNION ALL SELECT number FROM releases WHERE project_id = :project_id
)
"""

WRITE = """
INSERT OR REPLACE INTO deployments (
    id, project_id, user_id, number, status, origin, branch, commit_sha, commit_msg, rollback_of,
    release, url, error_msg, app, phase, phases, created, updated, started, finished, begun
) VALUES (
    :id, :project_id, :user_id, :number, :status, :origin, :branch, :commit_sha, :commit_msg,
    :rollback_of, :release, :url, :error_msg, :app, :phase, :phases, :created, :updated, :started,
    :finished, :begun
)
"""

GET = "SELECT * FROM deployments WHERE id = ?"

FIND = "SELECT * FROM deployments {} ORDER BY created DESC, number DESC LIMIT ? OFFSET ?"

COUNT = "SELECT count(*) FROM deployments {}"

REMOVE = "DELETE FROM deployments WHERE id = ?"

WRITE_RELEASE = """
INSERT OR REPLACE INTO releases (
    project_id, number, deployment_id, commit_sha, commit_msg, branch, folder, plan, created
) VALUES (
    :project_id, :number, :deployment_id, :commit_sha, :commit_msg, :branch, :folder, :plan,
    :created
)
"""

RELEASES = "SELECT * FROM releases WHERE project_id = ? ORDER BY number DESC"

REMOVE_RELEASE = "DELETE FROM releases WHERE project_id = ? AND number = ?"

FORGET = (
    "DELETE FROM deployments WHERE project_id = ?",
    "DELETE FROM releases WHERE project_id = ?",
)


class SqliteDeployments:
    """Remembers deployments in the file of a store that is open."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def add(self, deployment: Deployment) -> Deployment:
        """Write a new one down, with the next number of its project."""

        def write(connection: sqlite3.Connection) -> Deployment:
            project = {"project_id": deployment.project_id}
            (number,) = connection.execute(NEXT_NUMBER, project).fetchone()
            numbered = replace(deployment, number=number)
            connection.execute(WRITE, _row(numbered))
            return numbered

        return await self._store.work(write)

    async def save(self, *deployments: Deployment) -> None:
        """Write down how they are now, all or none."""
        rows = [_row(one) for one in deployments]
        await self._store.work(lambda connection: connection.executemany(WRITE, rows))

    async def get(self, deployment_id: str) -> Deployment | None:
        """Find one."""
        found = await self._read(GET, (deployment_id,))
        return found[0] if found else None

    async def find(self, query: DeploymentQuery) -> Sequence[Deployment]:
        """List what fits, the youngest first."""
        where, values = _condition(query)
        limit = -1 if query.limit is None else query.limit  # SQLite's word for no limit
        return await self._read(FIND.format(where), (*values, limit, query.offset))

    async def count(self, query: DeploymentQuery) -> int:
        """Say how many fit, whatever limit and offset are."""
        where, values = _condition(query)

        def read(connection: sqlite3.Connection) -> int:
            (number,) = connection.execute(COUNT.format(where), values).fetchone()
            return int(number)

        return await self._store.work(read)

    async def remove(self, deployment_id: str) -> None:
        """Forget one."""
        await self._store.work(lambda connection: connection.execute(REMOVE, (deployment_id,)))

    async def add_release(self, release: Release) -> None:
        """Write a release down."""
        row = {**asdict(release), "plan": msgspec.json.encode(release.plan).decode()}
        await self._store.work(lambda connection: connection.execute(WRITE_RELEASE, row))

    async def releases(self, project_id: str) -> Sequence[Release]:
        """List the releases of a project, the youngest first."""

        def read(connection: sqlite3.Connection) -> Sequence[Release]:
            return [_release(dict(row)) for row in connection.execute(RELEASES, (project_id,))]

        return await self._store.work(read)

    async def remove_releases(self, project_id: str, numbers: Collection[int]) -> None:
        """Forget releases."""
        rows = [(project_id, number) for number in numbers]
        await self._store.work(lambda connection: connection.executemany(REMOVE_RELEASE, rows))

    async def forget(self, project_id: str) -> None:
        """Forget all deployments and releases of a project."""

        def write(connection: sqlite3.Connection) -> None:
            for statement in FORGET:
                connection.execute(statement, (project_id,))

        await self._store.work(write)

    async def _read(self, question: str, values: Sequence[object]) -> Sequence[Deployment]:
        def read(connection: sqlite3.Connection) -> Sequence[Deployment]:
            return [_deployment(dict(row)) for row in connection.execute(question, values)]

        return await self._store.work(read)


def _condition(query: DeploymentQuery) -> tuple[str, list[object]]:
    """Word what is wanted; only places for values go into the text."""
    wanted: Mapping[str, frozenset[str] | None] = {
        "project_id": query.projects,
        "user_id": query.users,
        "status": None if query.statuses is None else frozenset(query.statuses),
        "app": query.apps,
    }
    parts: list[str] = []
    values: list[object] = []
    for column, allowed in wanted.items():
        if allowed is not None:
            parts.append(f"{column} IN ({', '.join('?' * len(allowed))})")
            values += sorted(map(str, allowed))
    return f"WHERE {' AND '.join(parts)}" if parts else "", values


def _row(deployment: Deployment) -> dict[str, object]:
    row = asdict(deployment)
    return {
        **row,
        "status": deployment.status.value,
        "origin": deployment.origin.value,
        "phase": deployment.phase.value if deployment.phase is not None else None,
        "phases": json.dumps(dict(deployment.phases)),
    }


def _deployment(row: dict[str, Any]) -> Deployment:
    return msgspec.convert({**row, "phases": json.loads(row["phases"])}, Deployment)


def _release(row: dict[str, Any]) -> Release:
    return msgspec.convert({**row, "plan": json.loads(row["plan"])}, Release)

"""Accounts, projects and what belongs to them, in the same file as everything else.

Rows are updated in place, never replaced: to replace one would be to remove it first, and with it
all that belongs to it.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from pmdaemon.adapters.sqlite.connection import damaged
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.accounts import Account, ApiToken, Invitation, email_key
from pmdaemon.core.projects import Domain, EnvVariable, Project, Webhook
from pmdaemon.engine.interfaces.platform import PlatformChanges, StoredPlatform

MOST_DELIVERIES = 500
"""Calls of one webhook that are remembered, the latest: a forge repeats within days."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "accounts": (
        "id", "email", "email_key", "name", "role", "password", "generation", "created", "updated",
    ),
    "api_tokens": ("id", "account_id", "name", "digest", "created", "expires", "last_used"),
    "invitations": ("id", "digest", "email", "role", "created_by", "created", "expires"),
    "projects": ("id", "user_id", "slug", "declaration", "created"),
    "env_variables": ("id", "project_id", "key", "sealed", "scope", "created", "updated"),
    "domains": (
        "id", "project_id", "user_id", "host", "proof", "verified", "created", "updated",
    ),
    "webhooks": ("id", "project_id", "user_id", "provider", "branch", "sealed", "created"),
}  # fmt: skip
"""The tables, in an order in which what is referred to comes first."""

LOOK = "SELECT count(*) FROM projects"

NOTE = "INSERT OR IGNORE INTO webhook_deliveries (webhook_id, delivery, at) VALUES (?, ?, ?)"

FORGET = "DELETE FROM webhook_deliveries WHERE webhook_id = ? AND delivery = ?"

PRUNE = """
DELETE FROM webhook_deliveries WHERE webhook_id = :webhook AND delivery NOT IN (
    SELECT delivery FROM webhook_deliveries WHERE webhook_id = :webhook ORDER BY at DESC
    LIMIT :most
)
"""

Kind = TypeVar("Kind")


class SqlitePlatformStore:
    """Remembers accounts and projects in the file of a store that is open."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def load(self) -> StoredPlatform:
        """Read everything; see `PlatformStore`."""
        try:
            return await self._store.work(_load)
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(self._store.path, f"{type(error).__name__}: {error}") from error

    async def commit(self, changes: PlatformChanges) -> None:
        """Write one action; see `PlatformStore`."""
        await self._store.work(lambda connection: _write(connection, changes), durably=True)

    async def check(self) -> None:
        """See that it can be read."""
        await self._store.work(lambda connection: connection.execute(LOOK).fetchone())

    async def note_delivery(self, webhook_id: str, delivery: str, at: float) -> bool:
        """Write down a call of a webhook; False when this one was written down before."""

        def note(connection: sqlite3.Connection) -> bool:
            is_new = connection.execute(NOTE, (webhook_id, delivery, at)).rowcount == 1
            connection.execute(PRUNE, {"webhook": webhook_id, "most": MOST_DELIVERIES})
            return is_new

        return await self._store.work(note, durably=True)

    async def forget_delivery(self, webhook_id: str, delivery: str) -> None:
        """Have a call be new again."""
        values = (webhook_id, delivery)
        await self._store.work(lambda connection: connection.execute(FORGET, values), durably=True)


def _load(connection: sqlite3.Connection) -> StoredPlatform:
    def read(table: str, kind: type[Kind], order: str = "created, id") -> Sequence[Kind]:
        query = f"SELECT * FROM {table} ORDER BY {order}"  # noqa: S608 - both are our own words
        return [_from_row(dict(row), kind) for row in connection.execute(query)]

    projects = [
        _from_json(text)
        for (text,) in connection.execute("SELECT declaration FROM projects ORDER BY created, id")
    ]
    return StoredPlatform(
        accounts=read("accounts", Account),
        api_tokens=read("api_tokens", ApiToken),
        invitations=read("invitations", Invitation),
        projects=projects,
        variables=read("env_variables", EnvVariable, "key"),
        domains=read("domains", Domain),
        webhooks=read("webhooks", Webhook),
    )


def _write(connection: sqlite3.Connection, changes: PlatformChanges) -> None:
    removed: Mapping[str, Sequence[str]] = {
        "accounts": changes.accounts_removed,
        "api_tokens": changes.api_tokens_removed,
        "invitations": changes.invitations_removed,
        "projects": changes.projects_removed,
        "env_variables": changes.variables_removed,
        "domains": changes.domains_removed,
        "webhooks": changes.webhooks_removed,
    }
    written: Mapping[str, tuple[Callable[[Any], Mapping[str, Any]], Sequence[Any]]] = {
        "accounts": (_of_account, changes.accounts_written),
        "api_tokens": (msgspec.structs.asdict, changes.api_tokens_written),
        "invitations": (msgspec.structs.asdict, changes.invitations_written),
        "projects": (_of_project, changes.projects_written),
        "env_variables": (msgspec.structs.asdict, changes.variables_written),
        "domains": (msgspec.structs.asdict, changes.domains_written),
        "webhooks": (msgspec.structs.asdict, changes.webhooks_written),
    }
    for table, ids in removed.items():
        query = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608 - our own word
        connection.executemany(query, [(one,) for one in ids])
    for table, (row_of, things) in written.items():
        connection.executemany(_upsert(table), map(row_of, things))


def _upsert(table: str) -> str:
    columns = COLUMNS[table]
    values = ", ".join(f":{one}" for one in columns)
    updates = ", ".join(f"{one} = excluded.{one}" for one in columns if one != "id")
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 - our own words
        f" ON CONFLICT (id) DO UPDATE SET {updates}"
    )


def _of_account(account: Account) -> Mapping[str, Any]:
    return {**msgspec.structs.asdict(account), "email_key": email_key(account.email)}


def _of_project(project: Project) -> Mapping[str, Any]:
    return {
        "id": project.id,
        "user_id": project.user_id,
        "slug": project.slug,
        "declaration": msgspec.json.encode(project).decode(),
        "created": project.created,
    }


def _from_row(row: dict[str, Any], kind: type[Kind]) -> Kind:
    if "verified" in row:
        row["verified"] = bool(row["verified"])
    return _converted(row, kind)


def _from_json(text: str) -> Project:
    return _converted(json.loads(text), Project)


def _converted(data: object, kind: type[Kind]) -> Kind:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ValueError(error) from error

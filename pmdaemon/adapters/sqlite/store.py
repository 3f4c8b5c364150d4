"""The store, in SQLite: each action is one transaction, written by one thread."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from msgspec.structs import replace

from pmdaemon.adapters.sqlite import putting_back, stored, stored_access, stored_gateway
from pmdaemon.adapters.sqlite.connection import connect, damaged, explain, newer, reserve
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.interfaces import Changes, Stored

# The journal is on disk at every commit, or is written but not waited for: it then survives the
# death of the daemon, and a power cut costs the latest commits without harming those before.
DURABLY, QUICKLY = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"

READ_APPS = "SELECT name, declaration FROM apps"

READ_PROCESSES = "SELECT * FROM processes ORDER BY pm_id"

READ_SETTINGS = "SELECT key, value FROM settings"

WRITE_APP = """
INSERT INTO apps (name, declaration) VALUES (:name, :declaration)
ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration
WHERE declaration IS NOT excluded.declaration
"""

WRITE_PROCESS = """
INSERT INTO processes (
    pm_id, app, instance, wish, epoch, tcp_port, restarts, ends, last_exit, last_cause,
    launch, created_wall, created_monotonic, started_wall, started_monotonic, replaces, lineage,
    state, pid, start_time, since_wall, since_monotonic, cause, exit, killed, ready, delay, reason,
    last_words, backoff, due, queued
) VALUES (
    :pm_id, :app, :instance, :wish, :epoch, :tcp_port, :restarts, :ends, :last_exit, :last_cause,
    :launch, :created_wall, :created_monotonic, :started_wall, :started_monotonic, :replaces,
    :lineage, :state, :pid, :start_time, :since_wall, :since_monotonic, :cause, :exit, :killed,
    :ready, :delay, :reason, :last_words, :backoff, :due, :queued
)
"""

READ_APPS_OF_PROCESSES = "SELECT pm_id, app FROM processes"

REMOVE_PROCESS = "DELETE FROM processes WHERE pm_id = ?"

REMOVE_APP_WITHOUT_PROCESSES = """
DELETE FROM apps
WHERE name = :name AND NOT EXISTS (SELECT 1 FROM processes WHERE app = :name)
"""

READ_TOKENS = "SELECT * FROM tokens ORDER BY name"

WRITE_TOKENS = """
INSERT OR REPLACE INTO tokens (
    name, kind, digest, grants, created, expires, former_digest, former_until, revoked
) VALUES (
    :name, :kind, :digest, :grants, :created, :expires, :former_digest, :former_until, :revoked
)
"""

REMOVE_TOKENS = "DELETE FROM tokens WHERE name = ?"

WRITE_SETTING = "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)"

REMOVE_SETTING = "DELETE FROM settings WHERE key = ?"

MAKE_ROOM = "PRAGMA wal_checkpoint(RESTART)"

READ_SERVICES = "SELECT declaration FROM services ORDER BY name"

WRITE_SERVICE = "INSERT OR REPLACE INTO services (name, declaration) VALUES (?, ?)"

REMOVE_SERVICE = "DELETE FROM services WHERE name = ?"

SOMEBODY_DEPLOYS = """
SELECT EXISTS (SELECT 1 FROM accounts) OR EXISTS (SELECT 1 FROM projects)
"""

NEXT_PM_ID, BOOT_ID, WEB, GATEWAY = "next_pm_id", "boot_id", "web", "gateway"

UNWRITABLE = (sqlite3.Error, UnicodeError, OverflowError)
"""What SQLite raises, and what its binding does for a value that it cannot hold."""

UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What a stored value raises that is not what it should be."""

RESERVE_DELAY = 2.0
"""Seconds after which room is reserved: it takes some waiting for the disk, once in a new home."""

T = TypeVar("T")


class SqliteStore:
    """Remembers everything in one file; to be opened before use, and closed.

    `patience` is in seconds, how long to wait for another program that has the file locked.
    """

    def __init__(self, path: Path, *, patience: float = 1.0) -> None:
        self._path = path
        self._patience = patience
        self._writer: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self._reserving: asyncio.TimerHandle | None = None
        self._held: _Held | None = None
        self._files: putting_back.Files = ()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Open the file, made and brought up to date as needed.

        Raises:
            StoreUnavailable: it cannot be opened, is damaged, or was written by a newer release.

        """
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            await self._in_writer(self._open)
        except BaseException:
            await self.close()
            raise
        loop = asyncio.get_running_loop()
        self._reserving = loop.call_later(
            RESERVE_DELAY, loop.run_in_executor, self._writer, self._reserve
        )

    async def reserve(self) -> None:
        """See now that some actions can be stored also when the disk is full."""
        await self._in_writer(self._reserve)

    async def close(self) -> None:
        """Finish what is being written, and leave one file with all of it."""
        if self._reserving is not None:
            self._reserving.cancel()
        if self._writer is not None:
            await self._in_writer(self._close)
            self._writer.shutdown()
            self._writer = None

    async def load(self) -> Stored:
        """Read everything; see `Store`."""
        return await self._in_writer(self._load)

    async def commit(self, changes: Changes) -> None:
        """Write one action; see `Store`."""
        await self._in_writer(lambda: self._commit(changes))

    async def look_after(self) -> None:
        """See that the file is still there, and put it back if it is not; see `commit`."""
        await self._in_writer(self._standing)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    async def work(self, job: Callable[[sqlite3.Connection], T], *, durably: bool = False) -> T:
        """Read or write something else that is kept in the same file, as one transaction.

        What is written `durably` is on disk, power cut or not, when this returns.

        Raises:
            StoreUnavailable: it was not possible, and nothing was written.

        """
        return await self._in_writer(lambda: self._work(job, DURABLY if durably else QUICKLY))

    async def _in_writer(self, work: Callable[[], T]) -> T:
        if self._writer is None:
            raise self._not_open()
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    # All below runs in the writer thread.

    def _open(self) -> None:
        self._connection = connect(self._path, self._patience)
        self._files = putting_back.files_of(self._path)

    def _reserve(self) -> None:
        if self._connection is not None:
            reserve(self._connection, self._path)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _load(self) -> Stored:
        try:
            return self._read(self._opened())
        except sqlite3.Error as error:
            raise explain(error, self._path) from error
        except stored.UnknownWord as error:
            raise newer(self._path, str(error)) from error
        except UNREADABLE as error:
            raise damaged(self._path, f"{type(error).__name__}: {error}") from error

    def _read(self, connection: sqlite3.Connection) -> Stored:
        apps = dict(_apps(connection))
        processes = [
            stored.process_from_row(row, apps[row["app"]])
            for row in map(dict, connection.execute(READ_PROCESSES))
        ]
        settings = dict(tuple(row) for row in connection.execute(READ_SETTINGS))
        return Stored(
            processes=processes,
            next_pm_id=json.loads(settings.get(NEXT_PM_ID, "0")),
            boot_id=settings.get(BOOT_ID),
            web=stored_access.web_from_json(settings[WEB]) if WEB in settings else None,
            tokens=[
                stored_access.token_from_row(row)
                for row in map(dict, connection.execute(READ_TOKENS))
            ],
            gateway=stored_gateway.settings_from_json(settings[GATEWAY])
            if GATEWAY in settings
            else None,
            services=tuple(
                stored_gateway.service_from_json(text)
                for (text,) in connection.execute(READ_SERVICES)
            ),
            deploys=bool(connection.execute(SOMEBODY_DEPLOYS).fetchone()[0]),
        )

    def _commit(self, changes: Changes) -> None:
        connection = self._standing()
        try:
            # Within a transaction it could not be changed.
            connection.execute(DURABLY if changes.urgent else QUICKLY)
            held, self._held = self._held or _held_by(connection), None
            try:
                _write(connection, changes, held)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
                    raise
                # What is in the journal has its place in the store; then there is room in it.
                connection.execute(MAKE_ROOM)
                _write(connection, changes, held)
            held.take(changes)
            self._held = held
        except UNWRITABLE as error:
            raise explain(error, self._path) from error

    def _work(self, job: Callable[[sqlite3.Connection], T], pace: str) -> T:
        connection = self._standing()
        try:
            connection.execute(pace)
            with _transaction(connection):
                return job(connection)
        except UNWRITABLE as error:
            raise explain(error, self._path) from error
        except stored.UnknownWord as error:
            raise newer(self._path, str(error)) from error

    def _standing(self) -> sqlite3.Connection:
        """Return the connection, to a file that is there."""
        connection = self._opened()
        if not putting_back.stand(self._path, self._files):
            try:
                putting_back.write_anew(connection, self._path)
            except (OSError, *UNWRITABLE) as error:
                raise explain(error, self._path) from error
            self._connection = None  # closed, whether the new file can be opened or not
            self._open()
        return self._opened()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise self._not_open()
        return self._connection

    def _not_open(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"cannot use the store {self._path}: it is not open", path=str(self._path)
        )


class _Held:
    """What the file holds, as far as we need not ask it: nobody else writes to it.

    It is made anew after a commit that failed.
    """

    def __init__(self, apps: dict[int, str]) -> None:
        self.apps = apps
        self.specs: dict[str, AppSpec] = {}

    def has(self, spec: AppSpec) -> bool:
        """Whether this very declaration is there: it is most of what a process takes to write."""
        return self.specs.get(spec.name) is spec

    def former_apps(self, changes: Changes) -> set[str]:
        """Name the apps that a process is taken from."""
        taken = {self.apps.get(pm_id) for pm_id in changes.removed}
        taken |= {self.apps.get(one.pm_id) for one in changes.written}
        return {name for name in taken if name is not None} - {one.name for one in changes.written}

    def take(self, changes: Changes) -> None:
        """Know what was written."""
        for name in self.former_apps(changes):
            self.specs.pop(name, None)
        for pm_id in changes.removed:
            self.apps.pop(pm_id, None)
        for one in changes.written:
            self.apps[one.pm_id] = one.name
            self.specs[one.name] = one.spec


def _held_by(connection: sqlite3.Connection) -> _Held:
    return _Held(dict(map(tuple, connection.execute(READ_APPS_OF_PROCESSES))))


def _apps(connection: sqlite3.Connection) -> Iterator[tuple[str, AppSpec]]:
    """Read the declarations; what was inherited together is there once, as it is most of each."""
    inherited: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
    for row in connection.execute(READ_APPS):
        spec = stored.spec_from_json(row["declaration"])
        variables = tuple(spec.inherited_env.items())
        known = inherited.setdefault(variables, spec.inherited_env)
        yield row["name"], replace(spec, inherited_env=known)


def _write(connection: sqlite3.Connection, changes: Changes, held: _Held) -> None:
    with _transaction(connection):
        _write_processes(connection, changes, held)
        _write_settings(connection, changes)
        connection.executemany(REMOVE_TOKENS, [(name,) for name in changes.tokens_removed])
        tokens = map(stored_access.token_to_row, changes.tokens_written)
        connection.executemany(WRITE_TOKENS, tokens)
        connection.executemany(REMOVE_SERVICE, [(name,) for name in changes.services_removed])
        services = changes.services_written
        rows = [(one.name, stored_gateway.service_to_json(one)) for one in services]
        connection.executemany(WRITE_SERVICE, rows)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Some failures, a full disk among them, have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _write_processes(connection: sqlite3.Connection, changes: Changes, held: _Held) -> None:
    # Whatever is written makes room first, so that processes may exchange their TCP ports.
    going = (*changes.removed, *(process.pm_id for process in changes.written))
    connection.executemany(REMOVE_PROCESS, [(pm_id,) for pm_id in going if pm_id in held.apps])
    specs = {process.name: process.spec for process in changes.written}
    connection.executemany(
        WRITE_APP,
        [
            {"name": name, "declaration": stored.spec_to_json(spec)}
            for name, spec in specs.items()
            if not held.has(spec)
        ],
    )
    connection.executemany(WRITE_PROCESS, map(stored.process_to_row, changes.written))
    connection.executemany(
        REMOVE_APP_WITHOUT_PROCESSES, [{"name": name} for name in held.former_apps(changes)]
    )


def _write_settings(connection: sqlite3.Connection, changes: Changes) -> None:
    if changes.next_pm_id is not None:
        connection.execute(WRITE_SETTING, (NEXT_PM_ID, str(changes.next_pm_id)))
    if changes.boot_id is not None:
        connection.execute(WRITE_SETTING, (BOOT_ID, changes.boot_id))
    if changes.web_off:
        connection.execute(REMOVE_SETTING, (WEB,))
    if changes.web is not None:
        connection.execute(WRITE_SETTING, (WEB, stored_access.web_to_json(changes.web)))
    if changes.gateway_off:
        connection.execute(REMOVE_SETTING, (GATEWAY,))
    if changes.gateway is not None:
        settings = stored_gateway.settings_to_json(changes.gateway)
        connection.execute(WRITE_SETTING, (GATEWAY, settings))

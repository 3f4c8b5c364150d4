"""How the file of the store is opened, and what is said when that cannot be done.

A file that is damaged, strange or newer is looked at read-only and left as it is, byte for byte:
nothing here deletes, repairs or overwrites one.
"""

import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

from pmdaemon.core.errors import StoreUnavailable

APPLICATION_ID = 0x706D6400
"""The mark in the file that says whose it is: "pmd" and a zero byte."""

MODE = 0o600

MIGRATIONS = Path(__file__).parent / "migrations"
"""Numbered files; each leads from the version before to its own, which it sets at its end."""

CACHE = 256
"""KiB of the store that are held in memory: all of it is read at the start, and little later."""

JOURNAL_PAGES = 256
"""Pages of 4 KiB in the journal before it is moved into the store."""

JOURNAL_SIZE = JOURNAL_PAGES * 4096
"""Bytes that the journal keeps on disk after a transaction larger than usual."""

RESERVED_PAGES = 16
"""Pages within the store that are kept free, for what comes to it while the disk is full."""

RESERVED_JOURNAL = 32 * 4096
"""Bytes of the journal that have their place on the disk before they are needed."""

RESERVE_PAGES = (
    f"CREATE TABLE reserve AS SELECT zeroblob({RESERVED_PAGES * 4096})",
    "DROP TABLE reserve",
    "PRAGMA wal_checkpoint(RESTART)",
)
"""Each by itself: pages that are written and freed at once never get to the disk."""


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """Open the store, made and brought up to date as needed.

    `patience` is in seconds, how long to wait for another program that has it locked.

    Raises:
        StoreUnavailable: it cannot be opened, is damaged, or was written by a newer release.

    """
    try:
        _restrict(path)
        _finish_creation(path, patience)
        if path.stat().st_size:
            _inspect(path, patience)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise explain(error, path) from error
    try:
        _prepare(connection)
        _migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        raise explain(error, path) from error
    return connection


def reserve(connection: sqlite3.Connection, path: Path) -> None:
    """See that some actions can be stored also when the disk is full.

    A disk that is full of output is just when somebody wants to stop a program. SQLite uses free
    pages of the store before it makes it larger, and of the journal what stands behind its content.
    """
    # A disk that is full already, or a file system that cannot do it, is no reason not to begin.
    with suppress(sqlite3.Error, OSError):
        if _number(connection, "PRAGMA freelist_count") < RESERVED_PAGES:
            for statement in RESERVE_PAGES:
                connection.execute(statement).fetchall()
        with path.with_name(f"{path.name}-wal").open("r+b") as journal:
            if os.fstat(journal.fileno()).st_size < RESERVED_JOURNAL:
                os.posix_fallocate(journal.fileno(), 0, RESERVED_JOURNAL)


def damaged(path: Path, what: str) -> StoreUnavailable:
    """Say that the store cannot be trusted."""
    return StoreUnavailable(
        f"{path} is not an intact store ({what}) and was left as it is; put back a copy of it,"
        f" or move it and {path.name}-wal away to begin with an empty one",
        code="store_corrupt",
        path=str(path),
    )


def newer(path: Path, what: str) -> StoreUnavailable:
    """Say that the store knows more than this release."""
    return StoreUnavailable(
        f"the store {path} was written by a newer release ({what});"
        " install that release, or use another home",
        code="store_newer",
        path=str(path),
    )


def explain(error: Exception, path: Path) -> StoreUnavailable:
    """Put in words why the store could not be opened, read or written."""
    # The lower byte is the kind, the rest a refinement of it (https://sqlite.org/rescode.html).
    # There is none where Python could not decode a text; SQLITE_ERROR is a table that is not there.
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind == sqlite3.SQLITE_OK and isinstance(error, sqlite3.OperationalError):
        kind = sqlite3.SQLITE_CORRUPT
    match kind:
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_ERROR:
            return damaged(path, str(error))
        case sqlite3.SQLITE_FULL:
            return StoreUnavailable(
                f"cannot write the store {path}: its disk is full",
                code="store_full",
                path=str(path),
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            reason = "another program has it locked"
        case sqlite3.SQLITE_READONLY:
            reason = "it is not writable"
        case _ if path.is_dir():
            reason = "it is a folder"
        case _:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return StoreUnavailable(f"cannot use the store {path}: {reason}", path=str(path))


def _restrict(path: Path) -> None:
    # SQLite gives the files that it puts beside the store the same mode. An existing store is not
    # opened for this: closing any descriptor of it would drop the locks on it (fcntl(2)).
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, MODE))
    except FileExistsError:
        for suffix in ("", "-wal", "-shm"):
            file = path.with_name(path.name + suffix)
            if file.is_file() and stat.S_IMODE(file.stat().st_mode) != MODE:
                file.chmod(MODE)


def _finish_creation(path: Path, patience: float) -> None:
    # A daemon that died while it made the store left a journal of the older kind, which is undone
    # by reading, but not by reading read-only.
    if path.with_name(f"{path.name}-journal").exists():
        with closing(sqlite3.connect(path, timeout=patience)) as connection:
            _number(connection, "SELECT count(*) FROM sqlite_master")


def _inspect(path: Path, patience: float) -> None:
    # Read-only, because closing a store also moves its journal into it.
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=patience)) as connection:
        version = _number(connection, "PRAGMA user_version")
        if _number(connection, "PRAGMA application_id") != APPLICATION_ID and (
            version or _number(connection, "SELECT count(*) FROM sqlite_master")
        ):
            raise damaged(path, "it is a database of another program")
        known = max(_migrations())
        if version > known:
            raise newer(path, f"version {version}, where this one knows {known}")
        # 0.4 ms with 200 processes, and it reads what is going to be read anyway.
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise damaged(path, verdict.splitlines()[-1])


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {JOURNAL_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_SIZE}")
    connection.execute("PRAGMA synchronous = FULL")


def _migrate(connection: sqlite3.Connection) -> None:
    version = _number(connection, "PRAGMA user_version")
    known = sorted(_migrations().items())
    missing = [file.read_text() for number, file in known if number > version]
    if missing:
        # All of them or none, and one wait for the disk: a new home would wait for each. A script
        # would first commit a transaction that is under way, so it begins its own.
        connection.executescript(f"BEGIN IMMEDIATE; {''.join(missing)} COMMIT;")


def _migrations() -> dict[int, Path]:
    return {int(file.name.partition("_")[0]): file for file in MIGRATIONS.glob("*.sql")}


def _number(connection: sqlite3.Connection, question: str) -> int:
    (number,) = connection.execute(question).fetchone()
    return int(number)

"""What becomes of a store whose file somebody removes while it is open.

SQLite would go on with what has no name any more: each action would be acknowledged, and all of
them be gone with this process (https://sqlite.org/howtocorrupt.html, "unlinking or renaming a
database file while in use"). All of it can still be read, so it is written anew.
"""

import logging
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from pmdaemon.adapters.sqlite.connection import MODE
from pmdaemon.core.errors import StoreUnavailable

log = logging.getLogger(__name__)

Files = tuple[tuple[int, int] | None, ...]
"""Which files the store and its journal are, by device and number; None where there is none."""


def files_of(path: Path) -> Files:
    """Tell which files stand under the names of the store and its journal."""
    return _file(str(path)), _file(f"{path}-wal")


def stand(path: Path, opened: Files) -> bool:
    """Tell whether the files that were opened are those that stand there.

    Raises:
        StoreUnavailable: somebody has put another store in their place.

    """
    found = files_of(path)
    if found == opened:
        return True
    if found[0] is not None and found[0] != opened[0]:
        raise StoreUnavailable(
            f"the store {path} was replaced by another file while in use; type pmdaemon update to"
            " go on with that one, or move it away to go on with what is known",
            code="store_replaced",
            path=str(path),
        )
    return False


def write_anew(connection: sqlite3.Connection, path: Path) -> None:
    """Write what `connection` knows to a new file at `path`, and close it.

    Raises:
        OSError: it cannot be written.
        sqlite3.Error: it cannot be read, or written.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)  # also where it was made by who had a log to put into it
    fresh = path.with_name(f"{path.name}.anew")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, MODE))
    try:
        connection.execute("VACUUM INTO ?", (str(fresh),))
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    connection.close()
    for suffix in ("-wal", "-shm"):  # of another store, whose content must not get into this one
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    fresh.replace(path)
    log.warning("store.written_anew path=%s reason=it was removed while in use", path)


def _file(path: str) -> tuple[int, int] | None:
    with suppress(OSError):
        found = os.stat(path)  # noqa: PTH116 - with each action: pathlib takes ten times as long
        return found.st_dev, found.st_ino
    return None

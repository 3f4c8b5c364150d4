import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pmdaemon.adapters.sqlite import connection
from pmdaemon.adapters.sqlite.connection import MIGRATIONS, connect
from pmdaemon.core.errors import StoreUnavailable

LATEST = max(int(file.name[:4]) for file in MIGRATIONS.glob("*.sql"))

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to put further migrations in, with the real ones in it."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    monkeypatch.setattr(connection, "MIGRATIONS", folder)
    return folder


@pytest.fixture
def sealed_folder() -> Iterator[Path]:
    """A folder in which the test, as an ordinary user, cannot write, with a store of that user."""
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        make_store(Path(folder, "store.db"))
        os.chmod(folder, 0o555)
        if root:
            os.chown(Path(folder, "store.db"), NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)
            os.chmod(folder, 0o700)


def opened(path: Path) -> closing[sqlite3.Connection]:
    return closing(connect(path, patience=0.05))


def refusal(path: Path) -> StoreUnavailable:
    with pytest.raises(StoreUnavailable) as raised:
        connect(path, patience=0.05)
    return raised.value


def contents(path: Path) -> dict[str, bytes]:
    # Whoever looks makes a journal where there is none, empty, and an index over it, -shm.
    files = [path, path.with_name(f"{path.name}-wal")]
    return {file.name: file.read_bytes() for file in files if file.exists() and file.stat().st_size}


def make_store(path: Path, apps: int = 0) -> None:
    with opened(path) as store:
        for number in range(apps):
            store.execute("INSERT INTO apps VALUES (?, ?)", (f"app-{number}", "x" * 3000))


def make_store_of_a_daemon_that_died(path: Path, *statements: str) -> None:
    """Leave a store with its journal beside it, as kill -9 does."""
    living = path.with_name("living.db")
    with opened(living) as store:
        for statement in statements:
            store.execute(statement)
        for suffix in ("", "-wal"):
            shutil.copy(f"{living}{suffix}", f"{path}{suffix}")


def scribble(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * 200)


def version(store: sqlite3.Connection) -> int:
    return int(store.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_store_is_of_the_latest_version(path: Path):
    with opened(path) as store:
        assert version(store) == LATEST


def test_no_file_of_a_store_is_for_anybody_else(path: Path):
    former = os.umask(0)
    try:
        with opened(path):
            modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(former)

    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


def test_a_store_that_others_could_read_is_closed_to_them(path: Path):
    make_store_of_a_daemon_that_died(path, "INSERT INTO settings VALUES ('boot_id', 'b1')")
    for file in path.parent.iterdir():
        file.chmod(0o644)

    with opened(path):
        modes = {file.stat().st_mode & 0o777 for file in path.parent.glob("store.db*")}

    assert modes == {0o600}


def test_a_store_is_one_file_after_it_was_closed(path: Path):
    make_store(path)

    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_what_a_daemon_that_died_left_in_the_journal_is_there(path: Path):
    make_store_of_a_daemon_that_died(path, "INSERT INTO settings VALUES ('boot_id', 'b1')")

    with opened(path) as store:
        assert store.execute("SELECT value FROM settings").fetchone()[0] == "b1"


def test_a_process_without_its_app_cannot_be_written(path: Path):
    with opened(path) as store:
        columns = {row["name"]: 0 for row in store.execute("PRAGMA table_info(processes)")}
        marks = ", ".join("?" * len(columns))

        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            store.execute(f"INSERT INTO processes VALUES ({marks})", list(columns.values()))


def test_an_empty_file_becomes_a_store(path: Path):
    path.touch()

    with opened(path) as store:
        assert version(store) == LATEST


def test_a_store_whose_making_was_cut_short_is_made(path: Path):
    living = path.with_name("living.db")
    with closing(sqlite3.connect(living, isolation_level=None)) as half_made:
        half_made.execute("PRAGMA cache_size = 1")
        half_made.execute("BEGIN IMMEDIATE")
        half_made.execute("CREATE TABLE half (made TEXT)")
        half_made.executemany("INSERT INTO half VALUES (?)", [("x" * 4000,)] * 10)
        for suffix in ("", "-journal"):
            shutil.copy(f"{living}{suffix}", f"{path}{suffix}")

    with opened(path) as store:
        assert version(store) == LATEST


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path):
    path.write_bytes(b"apps:\n  - name: web\n" * 100)
    before = contents(path)

    error = refusal(path)

    assert error.code == "store_corrupt"
    assert str(path) in error.message
    assert "put back a copy of it, or move it" in error.message
    assert contents(path) == before


def test_a_store_that_was_cut_short_is_refused_and_left_alone(path: Path):
    make_store(path, apps=50)
    os.truncate(path, path.stat().st_size // 2)
    before = contents(path)

    error = refusal(path)

    assert error.code == "store_corrupt"
    assert contents(path) == before


def test_a_damaged_page_is_found_before_anything_is_written(path: Path):
    make_store(path, apps=50)
    scribble(path, offset=4096 * 3)
    before = contents(path)

    error = refusal(path)

    assert error.code == "store_corrupt"
    assert "\n" not in error.message
    assert contents(path) == before


def test_the_journal_of_a_damaged_store_is_not_moved_into_it(path: Path):
    make_store(path, apps=50)
    living = path.rename(path.with_name("living.db"))
    with opened(living) as store:
        store.execute("INSERT INTO settings VALUES ('boot_id', 'b1')")
        for suffix in ("", "-wal"):
            shutil.copy(f"{living}{suffix}", f"{path}{suffix}")
    scribble(path, offset=4096 * 8)
    before = contents(path)

    error = refusal(path)

    assert error.code == "store_corrupt"
    assert before.keys() == {"store.db", "store.db-wal"}
    assert contents(path) == before


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE cookies (name TEXT)")
    before = contents(path)

    error = refusal(path)

    assert error.code == "store_corrupt"
    assert "another program" in error.message
    assert contents(path) == before


def test_a_newer_store_is_refused_and_left_alone(path: Path):
    make_store_of_a_daemon_that_died(path, f"PRAGMA user_version = {LATEST + 1}")
    before = contents(path)

    error = refusal(path)

    assert error.code == "store_newer"
    assert f"version {LATEST + 1}, where this one knows {LATEST}" in error.message
    assert contents(path) == before


def test_a_missing_folder_is_named(path: Path):
    error = refusal(path.parent / "nowhere" / "store.db")

    assert error.code == "store_unavailable"
    assert error.message.endswith("nowhere/store.db: No such file or directory")


def test_a_folder_in_place_of_the_store_is_refused_and_left_alone(path: Path):
    path.mkdir(mode=0o755)

    error = refusal(path)

    assert error.code == "store_unavailable"
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_folder_that_is_not_writable_is_refused(sealed_folder: Path):
    error = refusal(sealed_folder / "new.db")

    assert error.code == "store_unavailable"
    assert error.message.endswith("new.db: Permission denied")


def test_a_store_in_a_folder_that_is_not_writable_is_refused(sealed_folder: Path):
    error = refusal(sealed_folder / "store.db")

    assert error.code == "store_unavailable"
    assert error.message.endswith("store.db: it is not writable")


def test_a_store_that_another_program_has_locked_is_refused(path: Path):
    make_store(path)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        error = refusal(path)

    assert error.code == "store_unavailable"
    assert error.message.endswith("another program has it locked")


def test_an_older_store_is_brought_up_to_date(path: Path, migrations: Path):
    make_store(path, apps=1)
    (migrations / f"{LATEST + 1:04}_moods.sql").write_text(
        f"CREATE TABLE moods (mood TEXT); PRAGMA user_version = {LATEST + 1};"
    )

    with opened(path) as store:
        assert version(store) == LATEST + 1
        assert store.execute("SELECT count(*) FROM apps, moods").fetchone()[0] == 0
        assert store.execute("SELECT count(*) FROM apps").fetchone()[0] == 1


def test_a_migration_that_fails_changes_nothing(path: Path, migrations: Path):
    make_store(path, apps=1)
    broken = migrations / f"{LATEST + 1:04}_moods.sql"
    broken.write_text("CREATE TABLE moods (mood TEXT); INSERT INTO nowhere VALUES (1);")

    refusal(path)
    broken.unlink()

    with opened(path) as store:
        tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master")}
        assert version(store) == LATEST
        assert "moods" not in tables


def test_of_several_migrations_all_are_made_or_none(path: Path, migrations: Path):
    make_store(path, apps=1)
    (migrations / f"{LATEST + 1:04}_moods.sql").write_text(
        f"ALTER TABLE apps ADD COLUMN mood TEXT; PRAGMA user_version = {LATEST + 1};"
    )
    (migrations / f"{LATEST + 2:04}_airs.sql").write_text("ALTER TABLE no_such_table ADD x TEXT;")
    before = contents(path)

    refusal(path)

    assert contents(path) == before

"""Somebody removes, or replaces, the files of a store that is open."""

import shutil
import sqlite3
import stat
from contextlib import closing

import pytest

from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.engine.interfaces import Changes
from tests.support.builders import a_process, an_app


def of_one(pm_id, name):
    return Changes(written=(a_process(pm_id=pm_id, spec=an_app(name=name)),))


FIRST, SECOND = of_one(0, "first"), of_one(1, "second")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "state.db"


@pytest.fixture
async def store(path):
    path.parent.mkdir(0o700)
    async with SqliteStore(path) as store:
        await store.load()
        await store.commit(FIRST)
        yield store


def remove_all(path):
    shutil.rmtree(path.parent)


def remove_the_store(path):
    path.unlink()


def remove_the_journal(path):
    path.with_name("state.db-wal").unlink()


async def held_by_another(path, folder):
    """Say which processes are found by who comes when we were killed just now."""
    shutil.copytree(path.parent, folder)
    async with SqliteStore(folder / path.name) as other:
        return [process.spec.name for process in (await other.load()).processes]


@pytest.mark.parametrize("damage", [remove_all, remove_the_store, remove_the_journal])
async def test_what_was_acknowledged_outlives_the_removal_of_the_files(
    store, path, tmp_path, damage
):
    damage(path)
    await store.commit(SECOND)

    assert await held_by_another(path, tmp_path / "after") == ["first", "second"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_files_can_be_removed_again_and_again(store, path, tmp_path):
    for number in range(1, 4):
        remove_all(path)
        await store.commit(of_one(number, f"no{number}"))

    assert await held_by_another(path, tmp_path / "after") == ["first", "no1", "no2", "no3"]


async def test_they_are_put_back_also_when_nothing_is_to_be_stored(store, path, tmp_path):
    remove_the_store(path)
    await store.look_after()

    assert await held_by_another(path, tmp_path / "after") == ["first"]


async def test_a_store_that_stands_is_left_alone(store, path):
    before = path.stat()
    await store.look_after()
    await store.commit(SECOND)

    assert path.stat().st_ino == before.st_ino
    assert not path.with_name("state.db.anew").exists()


async def test_another_store_in_its_place_is_neither_written_to_nor_overwritten(store, path):
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    theirs = path.read_bytes()

    with pytest.raises(StoreUnavailable, match="was replaced by another file") as refusal:
        await store.commit(SECOND)

    assert refusal.value.code == "store_replaced"
    assert path.read_bytes() == theirs
    path.unlink()
    await store.commit(SECOND)


async def test_a_store_that_cannot_be_put_back_is_put_back_as_soon_as_it_can(store, path, tmp_path):
    remove_all(path)
    path.parent.write_text("in the way")
    with pytest.raises(StoreUnavailable):
        await store.commit(SECOND)

    path.parent.unlink()
    await store.commit(SECOND)

    assert await held_by_another(path, tmp_path / "after") == ["first", "second"]

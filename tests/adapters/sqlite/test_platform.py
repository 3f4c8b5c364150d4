import sqlite3

import pytest
from msgspec.structs import replace

from pmdaemon.adapters.sqlite.platform import MOST_DELIVERIES, SqlitePlatformStore
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.engine.interfaces.platform import PlatformChanges
from tests.contracts.test_platform_store import EVERYTHING, JANE, SHOP


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
async def store(path):
    async with SqliteStore(path) as store:
        yield SqlitePlatformStore(store)


async def test_what_was_written_is_there_after_a_restart(path, store):
    await store.commit(EVERYTHING)

    async with SqliteStore(path) as again:
        assert await SqlitePlatformStore(again).load() == await store.load()


async def test_an_action_is_written_whole_or_not_at_all(store):
    await store.commit(EVERYTHING)
    twin = replace(JANE, id="a2", email="JANE@example.com")

    with pytest.raises(StoreUnavailable):
        await store.commit(
            PlatformChanges(projects_written=[replace(SHOP, name="Other")], accounts_written=[twin])
        )

    stored = await store.load()
    assert (stored.projects, stored.accounts) == ([SHOP], [JANE])


async def test_a_field_that_is_not_what_it_should_be_is_told(path, store):
    await store.commit(EVERYTHING)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE accounts SET role = 'emperor'")
    connection.close()

    with pytest.raises(StoreUnavailable) as refused:
        await store.load()

    assert refused.value.code == "store_corrupt"


async def test_the_latest_calls_of_a_webhook_are_remembered_and_no_more(path, store):
    await store.commit(EVERYTHING)
    for number in range(MOST_DELIVERIES + 3):
        await store.note_delivery("w1", f"d{number}", float(number))

    with sqlite3.connect(path) as connection:
        (count,) = connection.execute("SELECT count(*) FROM webhook_deliveries").fetchone()
    connection.close()

    assert count == MOST_DELIVERIES
    assert not await store.note_delivery("w1", f"d{MOST_DELIVERIES}", 1e6)
    assert await store.note_delivery("w1", "d0", 1e6)


async def test_a_store_that_is_closed_is_not_well(path):
    async with SqliteStore(path) as opened:
        store = SqlitePlatformStore(opened)
        await store.check()

    with pytest.raises(StoreUnavailable):
        await store.check()

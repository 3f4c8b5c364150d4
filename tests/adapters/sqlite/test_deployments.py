import pytest

from pmdaemon.adapters.sqlite.deployments import SqliteDeployments
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.errors import StoreUnavailable
from tests.contracts.test_deployment_store import FULL, a_release


async def test_it_is_there_when_the_file_is_opened_again(tmp_path):
    async with SqliteStore(tmp_path / "state.db") as file:
        await SqliteDeployments(file).save(FULL)
        await SqliteDeployments(file).add_release(a_release(3))

    async with SqliteStore(tmp_path / "state.db") as file:
        assert await SqliteDeployments(file).get("d9") == FULL
        assert await SqliteDeployments(file).releases("p1") == [a_release(3)]


async def test_a_file_that_is_closed_cannot_be_written(tmp_path):
    file = SqliteStore(tmp_path / "state.db")
    await file.open()
    await file.close()

    with pytest.raises(StoreUnavailable):
        await SqliteDeployments(file).save(FULL)


async def test_values_are_values_whatever_is_in_them(tmp_path):
    async with SqliteStore(tmp_path / "state.db") as file:
        store = SqliteDeployments(file)
        await store.save(FULL)

        assert await store.get("x' OR '1'='1") is None

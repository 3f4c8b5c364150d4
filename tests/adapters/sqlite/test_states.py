from pmdaemon.adapters.sqlite.states import SqliteStates
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.process import ProcessState
from pmdaemon.core.state_history import StateQuery, StateRecord

ONLINE = StateRecord(time=1.0, process="web", state=ProcessState.ONLINE, exhausted=True)


async def test_they_outlive_the_daemon(tmp_path):
    async with SqliteStore(tmp_path / "store.db") as store:
        await SqliteStates(store).write([ONLINE])

    async with SqliteStore(tmp_path / "store.db") as store:
        assert await SqliteStates(store).find(StateQuery(limit=9)) == [ONLINE]


async def test_a_state_of_a_later_release_is_none(tmp_path):
    async with SqliteStore(tmp_path / "store.db") as store:
        states = SqliteStates(store)
        await states.write([ONLINE])
        await store.work(
            lambda connection: connection.execute("UPDATE states SET state = 'asleep'")
        )

        [found] = await states.find(StateQuery(limit=9))

    assert found.state is None

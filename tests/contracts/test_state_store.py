"""What every StateStore does; run on the one in memory and on the one in SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pmdaemon.adapters.sqlite.states import SqliteStates
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.process import Exit, ProcessState
from pmdaemon.core.state_history import StateQuery, StateRecord
from pmdaemon.engine.interfaces import StateStore
from tests.fakes.states import MemoryStates


@pytest.fixture(params=["memory", "sqlite"])
async def states(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StateStore]:
    if request.param == "memory":
        yield MemoryStates(records=5)
    else:
        async with SqliteStore(tmp_path / "store.db") as store:
            yield SqliteStates(store, records=5)


def a_record(time: float, process: str = "web") -> StateRecord:
    return StateRecord(time=time, process=process, state=ProcessState.ONLINE)


async def found(states: StateStore, **query: Any) -> list[float]:
    records = await states.find(StateQuery(**{"limit": 9, **query}))
    return [record.time for record in records]


@pytest.mark.parametrize(
    "record",
    [
        StateRecord(time=1.25, process="web-1", state=None),
        StateRecord(
            time=1.25,
            process="späte",
            state=ProcessState.ERRORED,
            blocked=True,
            restarts=3,
            pid=4711,
            exit=Exit(signal=9),
            ran=True,
            exhausted=True,
        ),
    ],
)
async def test_what_was_written_is_found_as_it_was(states: StateStore, record: StateRecord):
    await states.write([record])

    assert await states.find(StateQuery(limit=9)) == [record]


async def test_the_newest_come_oldest_first(states: StateStore):
    await states.write([a_record(3.0), a_record(1.0), a_record(2.0)])

    assert await found(states, limit=2) == [2.0, 3.0]
    assert await found(states, limit=0) == []


async def test_filters_come_before_the_limit(states: StateStore):
    await states.write([a_record(1.0, "db"), a_record(2.0), a_record(3.0)])

    assert await found(states, limit=1, processes=("db", "api")) == [1.0]
    assert await found(states, limit=1, until=1.5) == [1.0]
    assert await found(states, since=2.0, until=2.0) == [2.0]


async def test_the_oldest_make_room(states: StateStore):
    for time in range(20):
        await states.write([a_record(float(time))])

    assert await found(states, limit=99) == [15.0, 16.0, 17.0, 18.0, 19.0]

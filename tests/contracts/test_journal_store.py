"""What every JournalStore does; run on the one in memory and on the one in SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pmdaemon.adapters.sqlite.journal import SqliteJournal
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.journal import Entry, EntryQuery, Severity
from pmdaemon.engine.interfaces import JournalStore
from tests.fakes.journal import MemoryJournal


@pytest.fixture(params=["memory", "sqlite"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[JournalStore]:
    if request.param == "memory":
        yield MemoryJournal(entries=5)
    else:
        async with SqliteStore(tmp_path / "store.db") as store:
            yield SqliteJournal(store, entries=5)


def an_entry(time: float, **changes: Any) -> Entry:
    entry = Entry(time=time, severity=Severity.INFO, category="api-x", text=f"at {time}")
    return replace(entry, **changes)


async def found(journal: JournalStore, **query: Any) -> list[float]:
    entries = await journal.find(EntryQuery(**{"limit": 9, **query}))
    return [entry.time for entry in entries]


async def test_what_was_written_is_found_as_it_was(journal: JournalStore):
    entry = an_entry(1.25, process="web-1", consumer="ci", text="späte Zeile\n\x00")
    await journal.write([entry])

    assert await journal.find(EntryQuery(limit=9)) == [entry]


async def test_the_newest_come_oldest_first(journal: JournalStore):
    await journal.write([an_entry(3.0), an_entry(1.0), an_entry(2.0)])

    assert await found(journal, limit=2) == [2.0, 3.0]
    assert await found(journal, limit=0) == []


async def test_what_came_at_the_same_time_stays_in_its_order(journal: JournalStore):
    await journal.write([an_entry(1.0, text=text) for text in "abc"])

    entries = await journal.find(EntryQuery(limit=2))

    assert [entry.text for entry in entries] == ["b", "c"]


async def test_filters_come_before_the_limit(journal: JournalStore):
    await journal.write([an_entry(1.0, severity=Severity.ERROR, process="web", consumer="ci")])
    await journal.write([an_entry(2.0), an_entry(3.0)])

    assert await found(journal, limit=1, severity=Severity.ERROR) == [1.0]
    assert await found(journal, limit=1, consumer="ci") == [1.0]
    assert await found(journal, limit=1, processes=("web", "api")) == [1.0]
    assert await found(journal, limit=1, until=1.5) == [1.0]
    assert await found(journal, since=2.0, until=2.0) == [2.0]


async def test_what_is_about_no_process_can_be_asked_for(journal: JournalStore):
    await journal.write([an_entry(1.0, process="web"), an_entry(2.0)])

    assert await found(journal, processes=("",)) == [2.0]
    assert await found(journal, processes=()) == []


async def test_the_oldest_make_room(journal: JournalStore):
    for time in range(20):
        await journal.write([an_entry(float(time))])

    assert await found(journal, limit=99) == [15.0, 16.0, 17.0, 18.0, 19.0]

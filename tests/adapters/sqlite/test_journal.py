from pathlib import Path

import pytest

from pmdaemon.adapters.sqlite.journal import SqliteJournal
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.journal import Entry, EntryQuery, Severity

ENTRY = Entry(time=5.0, severity=Severity.LOG, category="x", text="y" * 100)


async def test_entries_outlive_the_daemon(tmp_path: Path):
    async with SqliteStore(tmp_path / "store.db") as store:
        await SqliteJournal(store).write([ENTRY])

    async with SqliteStore(tmp_path / "store.db") as store:
        assert await SqliteJournal(store).find(EntryQuery(limit=9)) == [ENTRY]


async def test_large_entries_leave_room_for_fewer(tmp_path: Path):
    async with SqliteStore(tmp_path / "store.db") as store:
        journal = SqliteJournal(store, entries=10, size=350)
        await journal.write([ENTRY] * 10)

        assert len(await journal.find(EntryQuery(limit=99))) == 3


async def test_a_text_that_is_no_utf_8_is_kept_as_far_as_it_is(tmp_path: Path):
    async with SqliteStore(tmp_path / "store.db") as store:
        journal = SqliteJournal(store)
        await journal.write([Entry(time=1.0, severity=Severity.LOG, category="x", text="a\udcffb")])

        assert [one.text for one in await journal.find(EntryQuery(limit=9))] == ["a?b"]


async def test_a_severity_of_a_newer_release_is_refused_in_words(tmp_path: Path):
    async with SqliteStore(tmp_path / "store.db") as store:
        await SqliteJournal(store).write([ENTRY])
        await store.work(lambda c: c.execute("UPDATE journal SET severity = 'dire'"))

        with pytest.raises(StoreUnavailable, match="dire"):
            await SqliteJournal(store).find(EntryQuery(limit=9))

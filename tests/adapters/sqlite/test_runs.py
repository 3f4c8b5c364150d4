from pathlib import Path

import pytest

from pmdaemon.adapters.sqlite.runs import SqliteRunHistory
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.job_runs import JobRun


async def test_runs_are_in_the_file_of_the_store(tmp_path: Path):
    run = JobRun(app="report", pm_id=0, launch=3, due=None, began=5.0)
    async with SqliteStore(tmp_path / "store.db") as store:
        await SqliteRunHistory(store).record(run, keep=5)

    async with SqliteStore(tmp_path / "store.db") as store:
        assert await SqliteRunHistory(store).runs(["report"], limit=5) == [run]


async def test_an_outcome_of_a_newer_release_is_refused_in_words(tmp_path: Path):
    async with SqliteStore(tmp_path / "store.db") as store:
        history = SqliteRunHistory(store)
        await history.record(JobRun(app="report", pm_id=0, launch=3, due=None, began=5.0), keep=5)
        await store.work(lambda c: c.execute("UPDATE job_runs SET outcome = 'bored'"))

        with pytest.raises(StoreUnavailable, match="bored"):
            await history.runs(["report"], limit=5)


async def test_a_store_that_is_not_open_is_said_to_be_so(tmp_path: Path):
    history = SqliteRunHistory(SqliteStore(tmp_path / "store.db"))

    with pytest.raises(StoreUnavailable, match="it is not open"):
        await history.unfinished()

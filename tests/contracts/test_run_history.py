"""What every RunHistory does; run on the one in memory and on the one in SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pmdaemon.adapters.sqlite.runs import SqliteRunHistory
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.job_runs import JobRun, Outcome, OutputRange
from pmdaemon.core.process import Exit
from pmdaemon.engine.interfaces import RunHistory
from tests.fakes.run_history import MemoryRunHistory


@pytest.fixture(params=["memory", "sqlite"])
async def history(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RunHistory]:
    if request.param == "memory":
        yield MemoryRunHistory()
    else:
        async with SqliteStore(tmp_path / "store.db") as store:
            yield SqliteRunHistory(store)


def a_run(launch: int | None, **changes: Any) -> JobRun:
    run = JobRun(app="report", pm_id=3, launch=launch, due=50.0, began=60.0 + (launch or 0))
    return replace(run, **changes)


def ended(run: JobRun, outcome: Outcome = Outcome.SUCCEEDED) -> JobRun:
    return replace(
        run,
        ended=run.began + 5,
        outcome=outcome,
        exit=Exit(code=0),
        out=OutputRange(7, 12),
        err=OutputRange(0, 3),
    )


async def test_the_youngest_run_comes_first(history: RunHistory):
    for launch in (1, 2, 3):
        await history.record(a_run(launch), keep=9)

    assert [run.launch for run in await history.runs(["report"], limit=9)] == [3, 2, 1]
    assert [run.launch for run in await history.runs(["report"], limit=2)] == [3, 2]


async def test_the_end_of_a_run_is_written_over_its_beginning(history: RunHistory):
    begun = a_run(1, out=OutputRange(7))
    await history.record(begun, keep=9)
    await history.record(ended(begun), keep=9)

    assert await history.runs(["report"], limit=9) == [ended(begun)]


async def test_runs_that_were_skipped_are_all_kept(history: RunHistory):
    for _ in range(2):
        await history.record(ended(a_run(None), Outcome.SKIPPED), keep=9)

    assert len(await history.runs(["report"], limit=9)) == 2


async def test_each_app_keeps_so_many_of_its_own(history: RunHistory):
    await history.record(a_run(1, app="other"), keep=9)
    for launch in range(1, 6):
        await history.record(a_run(launch), keep=3)

    assert [run.launch for run in await history.runs(["report"], limit=9)] == [5, 4, 3]
    assert len(await history.runs(["report", "other"], limit=9)) == 4
    assert await history.runs([], limit=9) == []


async def test_what_has_not_ended_is_listed(history: RunHistory):
    await history.record(a_run(1), keep=9)
    await history.record(ended(a_run(2)), keep=9)

    assert await history.unfinished() == [a_run(1)]


async def test_what_is_forgotten_is_gone(history: RunHistory):
    await history.record(a_run(1), keep=9)
    await history.record(a_run(1, app="other"), keep=9)

    await history.forget("report")

    assert [run.app for run in await history.runs(["report", "other"], limit=9)] == ["other"]

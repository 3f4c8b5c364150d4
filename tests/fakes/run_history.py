"""A history of runs in memory."""

import asyncio
from collections.abc import Sequence

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.job_runs import JobRun


class MemoryRunHistory:
    """Remembers as long as it lives; while `failure` is set, nothing can be read or written."""

    def __init__(self) -> None:
        self.failure: StoreUnavailable | None = None
        self._runs: list[JobRun] = []

    async def record(self, run: JobRun, *, keep: int) -> None:
        """Write a run down."""
        await self._be_reached()
        for place, known in enumerate(self._runs):
            same = (known.app, known.pm_id, known.launch) == (run.app, run.pm_id, run.launch)
            if same and run.launch is not None:
                self._runs[place] = run
                return
        self._runs.append(run)
        doomed = [one for one in self._runs if one.app == run.app][: -max(1, keep)]
        self._runs = [one for one in self._runs if one not in doomed]

    async def runs(self, apps: Sequence[str], *, limit: int) -> Sequence[JobRun]:
        """List the latest runs of these apps, the youngest first."""
        await self._be_reached()
        return [one for one in reversed(self._runs) if one.app in apps][:limit]

    async def unfinished(self) -> Sequence[JobRun]:
        """List the runs whose end was not written down."""
        await self._be_reached()
        return [one for one in self._runs if one.ended is None]

    async def forget(self, app: str) -> None:
        """Remove all runs of an app."""
        await self._be_reached()
        self._runs = [one for one in self._runs if one.app != app]

    async def _be_reached(self) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure

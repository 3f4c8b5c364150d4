"""A history of states in memory."""

import asyncio
from collections.abc import Sequence

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.state_history import StateQuery, StateRecord


class MemoryStates:
    """Remembers the newest records; while `failure` is set, nothing can be read or written."""

    def __init__(self, *, records: int = 20_000) -> None:
        self.failure: StoreUnavailable | None = None
        self._records: list[StateRecord] = []
        self._most = records

    async def write(self, records: Sequence[StateRecord]) -> None:
        """Write records down."""
        await self._be_reached()
        self._records = [*self._records, *records][-self._most :]

    async def find(self, query: StateQuery) -> Sequence[StateRecord]:
        """List what fits, oldest first."""
        await self._be_reached()
        fitting = [
            one
            for one in self._records
            if (query.since is None or one.time >= query.since)
            and (query.until is None or one.time <= query.until)
            and (query.processes is None or one.process in query.processes)
        ]
        fitting.sort(key=lambda one: one.time)
        return fitting[-query.limit :] if query.limit else []

    async def _be_reached(self) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure

"""Keeps the history of states: each change of a process is written down behind its back."""

from collections.abc import Sequence

from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.state_history import StateQuery, StateRecord, record_between
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, StateStore
from pmdaemon.engine.write_behind import WriteBehind


class StateHistory:
    """Writes records down, and finds them again."""

    def __init__(self, *, clock: Clock, bus: Bus, store: StateStore) -> None:
        self._clock = clock
        self._store = store
        self._behind = WriteBehind[StateRecord]("states", store.write)
        bus.subscribe(self._on_notice, ProcessChanged)

    async def find(self, query: StateQuery) -> Sequence[StateRecord]:
        """List what fits, oldest first.

        Raises:
            StoreUnavailable: it cannot be read.

        """
        await self._behind.catch_up()
        return await self._store.find(query)

    async def work(self) -> None:
        """Write what changes until cancelled."""
        await self._behind.work()

    async def finish(self) -> None:
        """Write what still waits for that; to be called when `work` has been cancelled."""
        await self._behind.catch_up()

    def _on_notice(self, notice: Notice) -> None:
        if isinstance(notice, ProcessChanged):
            now = self._clock.now().wall
            record = record_between(notice.before, notice.after, now)
            if record is not None:
                self._behind.add(record)

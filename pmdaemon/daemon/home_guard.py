"""What a daemon does when somebody removes files of its home while it runs.

A cleaner of old files, or a hand that slipped: without the socket nobody could reach the daemon any
more, not even to end it, and without the store it would know nothing after its next start. The
programs would run on with nobody to stop them.
"""

import logging
import os
from collections.abc import Callable

from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.config.paths import Home
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.engine import tasks
from pmdaemon.engine.interfaces import Cancellable, Clock

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks. To be told by the kernel would take more memory than this takes time:
ctypes, for two questions of some microseconds, beside a sampler that looks as often."""


class HomeGuard:
    """Looks after the home; `make_way` has the next daemon make anew what it needs."""

    def __init__(
        self, home: Home, store: SqliteStore, clock: Clock, make_way: Callable[[], None]
    ) -> None:
        self._home = home
        self._store = store
        self._clock = clock
        self._make_way = make_way
        self._next: Cancellable | None = None

    def start(self) -> None:
        """Look from now on."""
        self._next = self._clock.call_later(LOOK_EVERY, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _look(self) -> None:
        self.start()
        if self._lacks(self._home.socket) or self._lacks(self._home.database):
            tasks.spawn(self._put_back(), name="home guard")

    async def _put_back(self) -> None:
        try:
            await self._store.look_after()  # first: the next daemon knows nothing else
        except StoreUnavailable as error:
            log.error("home.not_put_back reason=%s", error)
            return
        if self._next is not None and self._lacks(self._home.socket):
            log.warning("home.socket_is_gone path=%s", self._home.socket)
            self.stop()
            self._make_way()

    @staticmethod
    def _lacks(path: str) -> bool:
        return not os.path.lexists(path)

"""Watching files by the means of this system, which are loaded by the first who wants it."""

import sys
from collections.abc import Callable

from pmdaemon.core.watching import WatchOrder
from pmdaemon.engine.interfaces import Cancellable, Clock, FileWatch


class SystemFileWatch:
    """Watches by inotify where there is that, and else by looking now and then.

    `never` are paths that nobody is to be told of: our own.
    """

    def __init__(self, clock: Clock, *, never: tuple[str, ...] = ()) -> None:
        self._clock = clock
        self._never = never
        self._means: FileWatch | None = None

    def watch(self, order: WatchOrder, on_change: Callable[[str], None]) -> Cancellable:
        """Call `on_change` from the event loop with the path of whatever changes from now on."""
        if self._means is None:
            self._means = self._load()
        return self._means.watch(order, on_change)

    def _load(self) -> FileWatch:
        if sys.platform != "linux":
            from pmdaemon.adapters.file_polling import PollingFileWatch  # noqa: PLC0415 - as below

            return PollingFileWatch(self._clock, never=self._never)
        from pmdaemon.adapters.inotify import InotifyFileWatch  # noqa: PLC0415 - few watch files

        return InotifyFileWatch(self._clock, never=self._never)

"""Watching files by looking at them now and then: where the system tells nothing, or no more."""

import os
from collections.abc import Callable, Iterator

from pmdaemon.core.watching import WatchOrder
from pmdaemon.engine.interfaces import Cancellable, Clock

INTERVAL = 2.0
"""Seconds between two looks."""

_State = tuple[int, int, int]


class PollingFileWatch:
    """Compares what is there with what was there at the look before."""

    def __init__(self, clock: Clock, *, never: tuple[str, ...] = ()) -> None:
        self._clock = clock
        self._never = never

    def watch(self, order: WatchOrder, on_change: Callable[[str], None]) -> Cancellable:
        """Call `on_change` from the event loop with the path of whatever changes from now on."""
        everything = WatchOrder(order.paths, order.ignore, (*order.never, *self._never))
        return _Look(self._clock, everything, on_change)


class _Look:
    def __init__(self, clock: Clock, order: WatchOrder, on_change: Callable[[str], None]) -> None:
        self._clock = clock
        self._order = order
        self._on_change = on_change
        self._known = dict(_files(order))
        self._next = clock.call_later(INTERVAL, self._look)

    def cancel(self) -> None:
        """Look no more."""
        self._next.cancel()

    def _look(self) -> None:
        self._next = self._clock.call_later(INTERVAL, self._look)
        before, self._known = self._known, dict(_files(self._order))
        for path, _ in sorted(before.items() ^ self._known.items())[:1]:
            self._on_change(path)  # one is enough to know that there is a change


def folders(
    order: WatchOrder, root: str, start: str
) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
    """Walk through what matters below `start`: each folder, and the files in it.

    A folder is told before it is read, so that who watches it from then on misses nothing.
    """
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        files: list[os.DirEntry[str]] = []
        yield folder, files
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue  # it is gone again, or not ours to read
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not order.ignores(root, entry.path, is_folder=is_folder):
                if is_folder:
                    waiting.append(entry.path)
                else:
                    files.append(entry)


def _files(order: WatchOrder) -> Iterator[tuple[str, _State]]:
    for root in order.paths:
        if os.path.isfile(root):  # noqa: PTH113 - a bare path, as all of these
            yield from _state(root)
            continue
        found: list[os.DirEntry[str]] = []
        for _, files in folders(order, root, root):
            for entry in found:
                yield from _state(entry.path)
            found = files
        for entry in found:
            yield from _state(entry.path)


def _state(path: str) -> Iterator[tuple[str, _State]]:
    try:
        found = os.stat(path)  # noqa: PTH116 - as above
    except OSError:
        return
    yield path, (found.st_mtime_ns, found.st_size, found.st_ino)

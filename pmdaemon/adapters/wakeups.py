"""Being woken by many descriptors, at the price of one.

The event loop makes several objects for each descriptor that it watches, and each program has three
that hardly ever speak. Here each costs an entry in a table: the loop watches one epoll of ours, in
which all of them are (epoll(7) says that one may hold another). Where there is none, the loop does
it all.
"""

import asyncio
import select
import sys
from collections.abc import Callable


class Wakeups:
    """Calls a function for each descriptor that can be read, from the loop it was first used in."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        if sys.platform == "linux":
            # At once, as there may be no descriptor left for it later.
            self._epoll = select.epoll()

    def add(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call `callback` from now on whenever there is something to read."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            if sys.platform == "linux":
                self._loop.add_reader(self._epoll, self._ring)
        if sys.platform == "linux":
            self._epoll.register(descriptor, select.EPOLLIN)
        else:
            self._loop.add_reader(descriptor, callback)
        self._callbacks[descriptor] = callback

    def remove(self, descriptor: int) -> None:
        """Call nobody any more; to be said before the descriptor is closed."""
        if self._callbacks.pop(descriptor, None) is None or self._loop is None:
            return
        if sys.platform == "linux":
            self._epoll.unregister(descriptor)
        else:
            self._loop.remove_reader(descriptor)
        if not self._callbacks:
            if sys.platform == "linux":
                self._loop.remove_reader(self._epoll)
            self._loop = None

    def _ring(self) -> None:
        for descriptor, _ in self._epoll.poll(0):
            # One that was called before may have removed it.
            if (callback := self._callbacks.get(descriptor)) is not None:
                callback()

"""FIFOs of programs that are gone for good, left for a while to whoever comes in their place.

Who deletes all apps often starts them again. To make a file costs some file systems far more than
to open one: ext4 without a journal looks through all that were removed of late each time.

A program that got away from us may hold its FIFO open still, and what it writes must not come out
as the output of another. So a FIFO is given away only when nobody has it open: then to read from it
is to be at its end (fifo(7), read(2)); as long as somebody could write, it would be to wait.
"""
# Bare paths, hundreds at a time:
# ruff: noqa: PTH108

import os
import stat
from contextlib import suppress
from typing import Final

from pmdaemon.engine.interfaces import Cancellable, Clock

LEFT_FOR: Final = 60.0
"""Seconds until those are removed that nobody wanted."""


class SpareFifos:
    """The FIFOs that are left, by path."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paths: set[str] = set()
        self._timer: Cancellable | None = None

    def add(self, path: str) -> None:
        """Leave a FIFO that we have closed."""
        self._paths.add(path)
        if self._timer is None:
            self._timer = self._clock.call_later(LEFT_FOR, self.clear)

    def claim(self, path: str) -> None:
        """Have nobody else at this path; what is there afterwards, if anything, is a free FIFO."""
        if path in self._paths:
            self._paths.remove(path)
            if not _is_free(path):
                _remove(path)

    def clear(self) -> None:
        """Remove all of them."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._paths:
            _remove(self._paths.pop())


def _is_free(path: str) -> bool:
    """Whether it is a FIFO of ours that nobody has open; not when that cannot be told."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        status = os.fstat(file)
        # A program of another user was its owner.
        ours = stat.S_ISFIFO(status.st_mode) and status.st_uid == os.geteuid()
        return ours and not os.read(file, 1)
    except BlockingIOError:
        return False
    finally:
        os.close(file)


def _remove(path: str) -> None:
    # Where that is not possible, whoever opens it says why.
    with suppress(OSError):
        os.unlink(path)

"""The time index of one output file, as it is written.

Times are a convenience: whatever goes wrong here loses times and nothing else.
"""

import os
from contextlib import suppress
from typing import Final

from pmdaemon.adapters.output_files import open_output
from pmdaemon.core.logs import MARK_SIZE, Mark, Marks

GRAIN: Final = 5_000_000
"""Nanoseconds that two marks are apart, at the least."""


class TimeIndex:
    """Appends marks to a file that is open only while output comes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None
        self._last: Mark | None = None  # None until the file has been looked at

    def mark(self, offset: int, at: float) -> None:
        """Note that what begins at `offset` came at `at`, in seconds since the epoch."""
        mark = Mark(offset, round(at * 1e9))
        try:
            fd = self._open()
            last = self._last or _last_mark(fd)
            if offset < last.offset:
                # The output file was emptied behind our back.
                os.ftruncate(fd, 0)
            elif 0 <= mark.time_ns - last.time_ns < GRAIN:
                return
            if os.write(fd, mark.encode()) == MARK_SIZE:
                self._last = mark
            else:
                self.forget()
        except OSError:
            self.forget()

    def begins(self) -> float | None:
        """Tell when the first of the output came, in seconds since the epoch, if that is known."""
        try:
            with open(self._path, "rb", buffering=0) as file:  # noqa: PTH123 - paths are text here
                first = Marks(file.read(MARK_SIZE))
        except OSError:
            return None
        return first[0].time_ns / 1e9 if len(first) else None

    def clear(self) -> None:
        """Drop all marks."""
        with suppress(OSError):
            os.truncate(self._path, 0)
        self.forget()

    def rest(self) -> None:
        """Close the file until the next mark."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def forget(self) -> None:
        """Close the file, and look at it anew before the next mark."""
        self.rest()
        self._last = None

    def _open(self) -> int:
        if self._fd is None:
            self._fd = open_output(self._path, os.O_APPEND)
        return self._fd


def _last_mark(fd: int) -> Mark:
    """Read the last mark; half of one, left by a kill or a full disk, is cut off."""
    whole = os.fstat(fd).st_size // MARK_SIZE * MARK_SIZE
    os.ftruncate(fd, whole)
    if not whole:
        return Mark(0, 0)
    return Marks(os.pread(fd, MARK_SIZE, whole - MARK_SIZE))[0]

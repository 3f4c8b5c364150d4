"""Output files as readers meet them: open, with their times, and rotated under their eyes.

What a program wrote is one stream of bytes in several files: `app-0.out` is the end of it,
`app-0.out.1` comes before, and so on. A rotation renames the files while somebody reads. So a
file is known by its inode, and is kept open as long as it matters: an inode in use is not given
to another file.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Final

from pmdaemon.core.logs import MARK_SIZE, Mark, Marks, mark_before, rotated_path, times_path

CHUNK: Final = 64 * 1024
"""Bytes read at a time."""


class LogSource:
    """An open output file; `end` is its size when it was opened."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDONLY)
        self._times: int | None = None
        status = os.fstat(self._fd)
        self.identity = (status.st_dev, status.st_ino)
        self.end = status.st_size
        self._open_times()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)
        if self._times is not None:
            os.close(self._times)
            self._times = None

    def read(self, offset: int, size: int = CHUNK) -> bytes:
        """Read up to `size` bytes; none at the end of the file."""
        return os.pread(self._fd, size, offset)

    def size(self) -> int:
        """Say how large the file is now."""
        return os.fstat(self._fd).st_size

    def written(self) -> int:
        """Tell when the file was last written to, in nanoseconds since the epoch."""
        return os.fstat(self._fd).st_mtime_ns

    def is_at(self, path: str) -> bool:
        """Whether this is the file that `path` names now."""
        try:
            status = os.stat(path)  # noqa: PTH116 - pathlib costs start-up time
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self.identity

    def marks(self, start: int, end: int) -> Marks:
        """Read the marks that tell the times of the bytes from `start` to `end`."""
        if self._times is None:
            self._open_times()
        if self._times is None:
            return Marks(b"")
        try:
            stored = _StoredMarks(self._times)
            first = max(0, mark_before(stored, start))
            after = mark_before(stored, end) + 1
            size = max(0, after - first) * MARK_SIZE
            return Marks(os.pread(self._times, size, first * MARK_SIZE))
        except OSError:
            return Marks(b"")

    def _open_times(self) -> None:
        with suppress(OSError):
            self._times = os.open(times_path(self._path), os.O_RDONLY)
        if self._times is not None and not self.is_at(self._path):
            # Rotated in between: these may be the times of another file.
            os.close(self._times)
            self._times = None


class _StoredMarks:
    """A time index in a file, of which only the marks that are asked for are read."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._length = os.fstat(fd).st_size // MARK_SIZE

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> Mark:
        # An IndexError here means that the file was cut just now, which the caller takes for empty.
        return Marks(os.pread(self._fd, MARK_SIZE, number * MARK_SIZE))[0]


def newest_first(path: str) -> Iterator[LogSource]:
    """Open the files of a stream, from the current one back; the caller closes them.

    Files only ever move away from the current one, which is the way we go: so none is missed, and
    one that is met twice is known by its identity. A rotation under way leaves one gap in the row.
    """
    met = set()
    missing = 0
    for number in count():
        try:
            source = LogSource(rotated_path(path, number) if number else path)
        except FileNotFoundError:
            missing += 1
            # The current file may be missing on top of the gap.
            if missing > 1 and number > 1:
                return
            continue
        missing = 0
        if source.identity in met:
            source.close()
            continue
        met.add(source.identity)
        yield source

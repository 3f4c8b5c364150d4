"""Output files as readers meet them: open, with their times, and rotated under their eyes.

What a program wrote is one stream of bytes in several files: `app-0.out` is the end of it,
`app-0.out.1` comes before, and so on. A rotation renames the files while somebody reads. So a
file is known by its inode, and is kept open as long as it matters: an inode in use is not given
to another file.

Older files may be compressed, `app-0.out.2.gz`, also under our eyes: then the time of their last
change and their size tell that they are the same. They are decompressed as far as they are read.
"""

import os
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Final, NamedTuple

from pmdaemon.core.log_archives import HEADER_SIZE, Contents, contents_of
from pmdaemon.core.logs import (
    MARK_SIZE,
    Mark,
    Marks,
    compressed_path,
    mark_before,
    rotated_path,
    times_path,
)

CHUNK: Final = 64 * 1024
"""Bytes read at a time."""

BATCH: Final = 1024 * 1024
"""Bytes read at a time where only counting is to be done."""


class Likeness(NamedTuple):
    """By what a file is known again, also after it was closed: the inode, or time and size."""

    identity: tuple[int, int]
    written: int
    size: int


class LogSource:
    """An open output file; `end` is its size when it was opened."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDONLY)
        self._path = path
        self._times_path = times_path(path)
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

    def count_newlines(self) -> int:
        """Count the newlines before `end`."""
        newlines = offset = 0
        while chunk := self.read(offset, min(BATCH, self.end - offset)):
            newlines += chunk.count(b"\n")
            offset += len(chunk)
        return newlines

    def find_newline_back(self, number: int) -> tuple[int | None, int]:
        """Find the newline that is the last but `number`, and say how many there are behind it.

        It is None when there are not so many; then they have all been counted.
        """
        newlines, end = 0, self.end
        while end > 0:
            begin = max(0, end - CHUNK)
            chunk = self.read(begin, end - begin)
            counted = newlines + chunk.count(b"\n")
            if counted > number:
                return begin + _nth_last_newline(chunk, number - newlines), number
            newlines, end = counted, begin
        return None, newlines

    def line_from(self, offset: int) -> int:
        """Find where the first line begins that does not begin before `offset`."""
        position = max(0, offset - 1)  # where the newline before it may be
        while offset > 0 and (chunk := self.read(position, min(CHUNK, self.end - position))):
            if (newline := chunk.find(b"\n")) >= 0:
                return position + newline + 1
            position += len(chunk)
        return min(position, self.end)

    def begins(self) -> float | None:
        """Tell when the first of it came, in seconds since the epoch, if that is known."""
        return self.marks(0, 1).time_at(0)

    def offset_before(self, moment: float) -> int:
        """Find an offset before which nothing came at `moment`, or later; 0 where none is known."""
        if self._times is None:
            return 0
        try:
            stored = _StoredMarks(self._times)
            first = bisect_left(stored, int(moment * 1e9), key=_time)
            return stored[first - 1].offset if first else 0
        except (OSError, IndexError):
            return 0

    def likeness(self) -> Likeness:
        """Say by what this file is known again."""
        return Likeness(self.identity, self.written(), self.size())

    def is_copy_of(self, other: Likeness) -> bool:
        """Whether this is the other file, or was made of it."""
        return self.identity == other.identity

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
        except (OSError, IndexError):
            return Marks(b"")

    def _open_times(self) -> None:
        with suppress(OSError):
            self._times = os.open(self._times_path, os.O_RDONLY)
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


def _time(mark: Mark) -> int:
    return mark.time_ns


class CompressedSource(LogSource):
    """A compressed output file; offsets and sizes are those of what was compressed.

    What stands behind damage cannot be read, and does not count.
    """

    def __init__(self, path: str) -> None:
        super().__init__(compressed_path(path))
        self._times_path = times_path(path)
        self._blocks: Iterator[bytes] = iter(())
        self._block = b""
        self._number = -1  # of the block; all are of the same length but the last
        self.contents = contents_of(os.pread(self._fd, HEADER_SIZE, 0)) or self._counted()
        self.end = self.contents.size

    def read(self, offset: int, size: int = CHUNK) -> bytes:
        """Read up to `size` bytes; going on is cheap, and going back begins from the beginning."""
        number, begin = divmod(offset, CHUNK)
        if number < self._number or self._number < 0:
            self._blocks = _decompressed(self._fd)
            self._number = -1
        while self._number < number:
            self._block = next(self._blocks, b"")
            self._number += 1
        return self._block[begin : begin + size]

    def size(self) -> int:
        """Say how much was compressed; it does not change any more."""
        return self.end

    def count_newlines(self) -> int:
        """Count the newlines, which was done when it was compressed."""
        return self.contents.lines

    def find_newline_back(self, number: int) -> tuple[int | None, int]:
        """Do what a plain file does, without going back more than once."""
        counts = [block.count(b"\n") for block in _decompressed(self._fd)]
        newlines = 0
        while counts:
            counted = newlines + counts.pop()
            if counted > number:
                begin = len(counts) * CHUNK
                return begin + _nth_last_newline(self.read(begin), number - newlines), number
            newlines = counted
        return None, newlines

    def is_copy_of(self, other: Likeness) -> bool:
        """Whether this is the other file, or was made of it."""
        mine = self.likeness()
        return mine.identity == other.identity or mine[1:] == other[1:]

    def _counted(self) -> Contents:
        size = lines = 0
        for block in _decompressed(self._fd):
            size += len(block)
            lines += block.count(b"\n")
        return Contents(size, lines)


def _decompressed(fd: int) -> Iterator[bytes]:
    """Decompress a file into blocks of `CHUNK` bytes; the last may be shorter."""
    import zlib  # noqa: PLC0415 - few look so far back, and every command loads this module

    block = b""
    offset = 0
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    with suppress(OSError, zlib.error):
        while packed := unpacker.unconsumed_tail or os.pread(fd, CHUNK, offset):
            if not unpacker.unconsumed_tail:
                offset += len(packed)
            block += unpacker.decompress(packed, CHUNK - len(block))
            if len(block) == CHUNK:
                yield block
                block = b""
    if block:
        yield block


def _nth_last_newline(chunk: bytes, behind: int) -> int:
    """Find the newline that has `behind` others after it."""
    position = len(chunk)
    for _ in range(behind + 1):
        position = chunk.rfind(b"\n", 0, position)
    return position


def newest_first(path: str) -> Iterator[LogSource]:
    """Open the files of a stream, from the current one back; the caller closes them.

    Files only ever move away from the current one, which is the way we go: so none is missed, and
    one that is met twice is known. A rotation under way leaves one gap in the row.
    """
    met: list[Likeness] = []
    missing = 0
    for number in count():
        source = _open_older(rotated_path(path, number)) if number else _open(path)
        if source is None:
            missing += 1
            # The current file may be missing on top of the gap.
            if missing > 1 and number > 1:
                return
            continue
        missing = 0
        if any(source.is_copy_of(other) for other in met):
            source.close()
            continue
        met.append(source.likeness())
        yield source


def _open(path: str) -> LogSource | None:
    try:
        return LogSource(path)
    except FileNotFoundError:
        return None


def _open_older(path: str) -> LogSource | None:
    # In this order, as the compressed one is there before the plain one goes.
    if (plain := _open(path)) is not None:
        return plain
    try:
        return CompressedSource(path)
    except FileNotFoundError:
        return None

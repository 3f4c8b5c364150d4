"""One output file, as it grows: where output goes, what happens when it cannot, when it is full.

The file belongs to the user as much as to us: it may be emptied, renamed or deleted at any time.
So we look at it anew before each move, and write behind what is there then. It is not opened for
appending, because splice refuses that (EINVAL, splice(2)).

Whatever is wrong with the file, the program is not to be held up: then its output is taken and
dropped, and what was lost is said in the file as soon as that is possible.
"""
# Descriptors and bare paths, some of it a thousand times a second:
# ruff: noqa: PTH116

import errno
import os
from contextlib import suppress
from typing import Final

from pmdaemon.adapters.fifos import Move, Spilled, best_move, copy, discard
from pmdaemon.adapters.output_files import open_output, remove_rotated, rotate
from pmdaemon.adapters.time_index import TimeIndex
from pmdaemon.core.logs import rotation_due, times_path
from pmdaemon.core.spec import LogPolicy
from pmdaemon.engine.interfaces import Clock

_NO_SPLICE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""How a kernel or a file system says that it cannot splice."""


class LogWriter:
    """Moves output from a FIFO to the end of a file, which is open only while output comes."""

    def __init__(
        self, path: str, policy: LogPolicy, clock: Clock, *, move: Move = best_move
    ) -> None:
        self.policy = policy
        self._path = path
        self._clock = clock
        self._move = move
        self._times = TimeIndex(times_path(path))
        self._fd: int | None = None
        self._file = (0, 0)
        self._lost = 0
        self._loss = ""

    @property
    def owes_word(self) -> bool:
        """Whether output was lost and the file does not say so yet."""
        return self._lost > 0

    def take(self, fifo: int, limit: int) -> int:
        """Take up to `limit` bytes, or a little more, out of the FIFO; return how many.

        They are at the end of the file then, or lost and counted. 0 means that there was nothing.
        """
        try:
            fd, end = self._ready()
            moved = self._splice_or_copy(fifo, fd, self._room(end, limit), end)
        except BlockingIOError:
            return 0
        except Spilled as spill:
            self._lose(spill.taken - spill.written, spill.cause)
            return spill.taken
        except OSError as error:
            dropped = discard(fifo, limit)
            self._lose(dropped, error)
            return dropped
        self._times.mark(end, self._clock.now().wall)
        self._rotate_if_due(fd, end + moved)
        return moved

    def make(self) -> None:
        """Make the file be there, and say in it what was lost, as far as that is possible."""
        with suppress(OSError):
            self._ready()
        self.rest()

    def rest(self) -> None:
        """Close the file until there is more."""
        self._times.rest()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def empty(self) -> None:
        """Empty the file, and remove the older ones.

        Raises:
            OSError: the file cannot be written to.

        """
        fd, _ = self._ready()
        remove_rotated(self._path)
        os.ftruncate(fd, 0)
        self._times.clear()
        self.rest()

    def _ready(self) -> tuple[int, int]:
        """Have the file open that the path names now; return it and its size."""
        fd = self._fd
        status = self._status() if fd is not None else None
        if fd is None or status is None or (status.st_dev, status.st_ino) != self._file:
            self.rest()
            self._fd = fd = open_output(self._path)
            status = os.fstat(fd)
            self._file = (status.st_dev, status.st_ino)
        end = status.st_size
        return fd, end + (self._say_what_was_lost(fd, end) if self._lost else 0)

    def _status(self) -> os.stat_result | None:
        try:
            return os.stat(self._path)
        except FileNotFoundError:
            return None

    def _splice_or_copy(self, fifo: int, fd: int, count: int, offset: int) -> int:
        try:
            return self._move(fifo, fd, count, offset)
        except OSError as error:
            if error.errno not in _NO_SPLICE or self._move is copy:
                raise
        self._move = copy
        return self._move(fifo, fd, count, offset)

    def _room(self, size: int, limit: int) -> int:
        """Say how much may be added at once, so that the file never grows past twice its bound."""
        room = 2 * self.policy.max_size - size
        return min(limit, room) if room > 0 else limit

    def _rotate_if_due(self, fd: int, size: int) -> None:
        max_size = self.policy.max_size
        # Whether it ends a line is only read where it matters.
        if not rotation_due(size, max_size, ends_line=True):
            return
        try:
            ends_line = os.pread(fd, 1, size - 1) == b"\n"
            if rotation_due(size, max_size, ends_line=ends_line):
                rotate(self._path, self.policy.keep)
                self._times.forget()
                self._ready()
        except OSError:
            # It goes on in the same file, and the next move tries again.
            self.rest()

    def _lose(self, count: int, error: OSError) -> None:
        self._lost += count
        self._loss = error.strerror or str(error)
        # What was open may be what is wrong with it.
        self.rest()

    def _say_what_was_lost(self, fd: int, end: int) -> int:
        note = f"[pmdaemon] {self._lost} bytes of output were lost: {self._loss}\n".encode()
        if end and os.pread(fd, 1, end - 1) != b"\n":
            note = b"\n" + note
        written = os.pwrite(fd, note, end)
        if written < len(note):
            os.ftruncate(fd, end)
            raise OSError(errno.ENOSPC, self._loss)
        self._lost = 0
        return written

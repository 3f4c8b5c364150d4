"""One output file, as it grows: where output goes, what happens when it cannot, when it is full.

The file belongs to the user as much as to us: it may be emptied, renamed or deleted at any time.
So we look at it anew before each move, and write behind what is there then. It is not opened for
appending, because splice refuses that (EINVAL, splice(2)).

Whatever is wrong with the file, the program is not to be held up: then its output is taken and
dropped, and what was lost is said in the file as soon as that is possible. A file that cannot be
exchanged for a new one goes on growing, which is less of a loss.
"""
# Descriptors and bare paths, some of it a thousand times a second:
# ruff: noqa: PTH116

import errno
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Final

from pmdaemon.adapters.fifos import Move, Spilled, best_move, copy, discard
from pmdaemon.adapters.output_files import (
    open_output,
    remove_expired,
    remove_rotated,
    rotate,
)
from pmdaemon.adapters.time_index import TimeIndex
from pmdaemon.core.logs import rotation_due, times_path
from pmdaemon.core.spec import LogPolicy
from pmdaemon.engine.interfaces import Clock

log = logging.getLogger(__name__)

ROTATION_RETRY: Final = 5.0
"""Seconds until a rotation that failed is tried again."""

AGE_RETRY: Final = 3600.0
"""Seconds until files that are too old, and cannot be removed, are looked at again."""

_NO_SPLICE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""How a kernel or a file system says that it cannot splice."""


class LogWriter:
    """Moves output from a FIFO to the end of a file, which is open only while output comes.

    `on_rotated` is called with the writer whenever the file was exchanged for a new one.
    """

    def __init__(
        self,
        path: str,
        policy: LogPolicy,
        clock: Clock,
        *,
        move: Move = best_move,
        on_rotated: Callable[["LogWriter"], None] = lambda _: None,
    ) -> None:
        self.policy = policy
        self._on_rotated = on_rotated
        self.path = path
        self._clock = clock
        self._move = move
        self._times = TimeIndex(times_path(path))
        self._fd: int | None = None
        self._file = (0, 0)
        self._lost = 0
        self._loss = ""
        self._no_rotation_until = -inf

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
            if self.owes_word:
                self._ready()
            elif self._fd is None:
                os.close(open_output(self.path))
        self.rest()

    def rest(self) -> None:
        """Close the file until there is more."""
        self._times.rest()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def empty(self) -> None:
        """Empty the file, and remove the older ones; what was lost is said when there is more.

        Raises:
            OSError: the file cannot be written to.

        """
        # On a full disk this is what makes room, so it must not begin with a word about the loss.
        fd, _ = self._opened()
        remove_rotated(self.path)
        os.ftruncate(fd, 0)
        self._times.clear()
        self.rest()

    def age(self, now: float) -> float:
        """Let go of what is too old; return when there is more to do, if only to look again.

        Both are in seconds since the epoch; without a bound it is infinite.
        """
        max_age = self.policy.max_age
        if max_age <= 0:
            return inf
        try:
            began = self._began()
            if began is not None and began + max_age <= now:
                self._rotate()
                self._ready()
                began = None
            oldest = remove_expired(self.path, now - max_age)
        except OSError as error:
            log.warning("logs.not_aged path=%s reason=%s", self.path, error.strerror)
            return now + min(max_age, AGE_RETRY)
        finally:
            self.rest()
        return min(moment + max_age for moment in (began, oldest, now) if moment is not None)

    def _began(self) -> float | None:
        """Tell when the oldest output in the file came, or None when it is empty."""
        status = self._status()
        if status is None or not status.st_size:
            return None
        # Without an index, all that is known is that it is no younger than the last change.
        return self._times.begins() or status.st_mtime

    def _ready(self) -> tuple[int, int]:
        """Have the file open, with a word about what was lost; return it and its size."""
        fd, end = self._opened()
        return fd, end + (self._say_what_was_lost(fd, end) if self._lost else 0)

    def _opened(self) -> tuple[int, int]:
        """Have the file open that the path names now; return it and its size."""
        fd = self._fd
        status = self._status() if fd is not None else None
        if fd is None or status is None or (status.st_dev, status.st_ino) != self._file:
            self.rest()
            self._fd = fd = open_output(self.path)
            status = os.fstat(fd)
            self._file = (status.st_dev, status.st_ino)
        return fd, status.st_size

    def _status(self) -> os.stat_result | None:
        try:
            return os.stat(self.path)
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
        if self._no_rotation_until > -inf and self._clock.now().monotonic < self._no_rotation_until:
            return
        try:
            ends_line = os.pread(fd, 1, size - 1) == b"\n"
            if rotation_due(size, max_size, ends_line=ends_line):
                self._rotate()
                self._ready()
        except OSError as error:
            if self._no_rotation_until == -inf:
                log.warning("logs.not_rotated path=%s reason=%s", self.path, error.strerror)
            self._no_rotation_until = self._clock.now().monotonic + ROTATION_RETRY
            self.rest()
        else:
            self._no_rotation_until = -inf

    def _rotate(self) -> None:
        rotate(self.path, self.policy.keep)
        self._times.forget()
        self._on_rotated(self)

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

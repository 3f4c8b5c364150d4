"""Copies of output, made of the files in the home and never of the pipe.

So nothing is lost by a kill: what was not copied yet is still in the home, and the next daemon goes
on where the record of the copy says. A copy that cannot be written, on a full disk or in a folder
of somebody else's, waits; programs do not.
"""
# Descriptors and bare paths, some of it twenty times a second:
# ruff: noqa: PTH103, PTH120

import errno
import logging
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pmdaemon.adapters.copy_records import CopyRecord, Place
from pmdaemon.adapters.line_wording import Batch, Wording
from pmdaemon.adapters.output_files import shift
from pmdaemon.control.log_beginnings import at_end, at_place
from pmdaemon.control.log_reader import PieceFollower
from pmdaemon.core.log_copies import LogCopy
from pmdaemon.core.spec import LogPolicy
from pmdaemon.engine.interfaces import Cancellable, Clock

log = logging.getLogger(__name__)

PAUSE: Final = 0.05
"""Seconds between two looks at output that goes on coming."""

PIECE: Final = 256 * 1024
"""Bytes copied at a time, so that one copy cannot keep the others, and us, waiting."""

RETRY: Final = 5.0
"""Seconds until a copy that cannot be written is tried again."""


class Copier:
    """Makes one copy of one stream.

    Args:
        output: the file in the home.
        copy: what is made of it.
        policy: the bounds on it, the same as those on the output.
        clock: for pauses.
        pm_id: of the process.
        name: of the app.
        on_rotated: called with the path when the copy was exchanged for a new one.

    """

    def __init__(
        self,
        output: str,
        copy: LogCopy,
        policy: LogPolicy,
        clock: Clock,
        *,
        pm_id: int,
        name: str,
        on_rotated: Callable[[str], None],
    ) -> None:
        self._output = output
        self._copy = copy
        self.policy = policy
        self._clock = clock
        self._on_rotated = on_rotated
        self._record = CopyRecord(output, copy.path)
        wording = Wording(copy, pm_id, name, lambda: clock.now().wall)
        begun = self._begun()
        beginning = at_end if begun is None else at_place((begun.device, begun.inode), begun.offset)
        self._reader = PieceFollower(output, wording, beginning)
        self._place = begun or Place(*self._reader.place())
        with suppress(OSError):
            self._record.settle(self._place)
        self._waiting: list[Batch] = []
        self._timer: Cancellable | None = None
        self._is_ill = False
        self.look()

    def look(self) -> None:
        """Copy what is new: at once after a silence, and by and by where it goes on coming."""
        if self._timer is None:
            self._step()

    def finish(self) -> None:
        """Copy what is left, the unfinished line too, and forget how far it has come."""
        while self._copied():
            pass
        self._waiting += self._reader.finish()
        self._copied()
        self.stop()
        self._record.remove()

    def stop(self) -> None:
        """Leave the rest to somebody else."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._reader.close()

    def empty(self) -> None:
        """Empty the copy, as the output was.

        Raises:
            OSError: it cannot be written to.

        """
        while self._copied():
            pass
        self._waiting = []
        with suppress(FileNotFoundError):
            os.truncate(self._copy.path, 0)
        self._place = Place(*self._reader.place())
        self._record.settle(self._place)

    def _step(self) -> None:
        self._timer = None
        if copied := self._copied():
            pause = 0.0 if copied >= PIECE else PAUSE
            self._timer = self._clock.call_later(pause, self._step)
        elif self._waiting:
            self._timer = self._clock.call_later(RETRY, self._step)

    def _copied(self) -> int:
        """Copy a piece; return its bytes, 0 when there was none, or it could not be done."""
        try:
            self._waiting = self._waiting or self._reader.read_new(PIECE)
            data = b"".join(batch.data for batch in self._waiting)
            if data:
                self._append(data, self._waiting[-1].after)
        except OSError as error:
            if not self._is_ill:
                reason = error.strerror
                log.warning("logs.not_copied path=%s reason=%s", self._copy.path, reason)
            self._is_ill = True
            return 0
        self._is_ill = False
        self._waiting = []
        return len(data)

    def _append(self, data: bytes, after: Place) -> None:
        fd = _open(self._copy.path)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                _offer(fd, data)
                self._place = after
                return
            self._record.begin(self._place, after, status, len(data))
            _write(fd, data, status.st_size)
            self._place = after
            self._record.settle(after)
            size = status.st_size + len(data)
        finally:
            os.close(fd)
        if 0 < self.policy.max_size <= size:
            shift(self._copy.path, self.policy.keep)
            if self.policy.compress:
                self._on_rotated(self._copy.path)

    def _begun(self) -> Place | None:
        try:
            return self._record.place()
        except OSError as error:
            log.warning("logs.copy_unknown path=%s reason=%s", self._copy.path, error.strerror)
            return None


def _open(path: str) -> int:
    # A FIFO that nobody reads must not hold us up.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    try:
        return os.open(path, flags, 0o644)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags, 0o644)


def _write(fd: int, data: bytes, before: int) -> None:
    """Append all of it, or nothing."""
    written = 0
    try:
        written = os.write(fd, data)
    finally:
        if written < len(data):
            os.ftruncate(fd, before)
    if written < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _offer(fd: int, data: bytes) -> None:
    """Write to what is no file, a terminal or a pipe, as much as it takes now."""
    with suppress(BlockingIOError):
        os.write(fd, data)

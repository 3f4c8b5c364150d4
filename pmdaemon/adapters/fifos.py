"""The FIFOs that programs write to: made, opened, enlarged and emptied.

A FIFO is held open for reading *and* writing, by us as by the program. So it has a writer at all
times: it never reads as ended (which would wake the loop for ever), and whoever writes while
nobody reads gets no SIGPIPE but waits (fifo(7), pipe(7)).
"""

import errno
import fcntl
import os
import resource
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

USUAL: Final = 64 * 1024
"""Bytes that a FIFO holds by itself."""

ENLARGED: Final = 1024 * 1024
"""Bytes that a busy FIFO is made to hold: what an unprivileged user may ask for by default."""

MOST_ENLARGED: Final = 16
"""How many FIFOs may be enlarged at a time.

Linux counts what all pipes of a user may hold. Past 64 MiB (`pipe-user-pages-soft`, pipe(7)) every
new pipe of that user, in whatever program, holds two pages or one only. 100 programs with two
enlarged FIFOs each would be three times that; 16 are a quarter of it.
"""

SPARED: Final = 16
"""Descriptors that are not for programs but for commands, the store, a look at processes."""

Move = Callable[[int, int, int, int], int]
"""Move up to `count` bytes from a FIFO to a file at an offset: (fifo, file, count, offset)."""


class Spilled(Exception):
    """Bytes were taken from the FIFO and only some of them written."""

    def __init__(self, cause: OSError, *, taken: int, written: int) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.taken = taken
        self.written = written


def open_fifo(path: str) -> int:
    """Open a FIFO, which is made, and its folder, when not there; what waits in it is kept.

    Raises:
        OSError: it cannot be, or the last descriptors would go, without which no command is heard.

    """
    try:
        _make(path)
    except FileNotFoundError:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    # The lowest free number is given, so a high one says how many are left.
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and fd >= soft - min(SPARED, soft // 4):
        os.close(fd)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    # A change of it waits for the journal of the file system, and is hardly ever needed.
    if stat.S_IMODE(os.fstat(fd).st_mode) != 0o600:
        os.fchmod(fd, 0o600)
    return fd


def _make(path: str) -> None:
    try:
        os.mkfifo(path, 0o600)
    except FileExistsError:
        if not stat.S_ISFIFO(os.lstat(path).st_mode):
            os.unlink(path)  # noqa: PTH108 - bare paths and descriptors all through
            os.mkfifo(path, 0o600)


def splice(fifo: int, file: int, count: int, offset: int) -> int:
    """Move bytes within the kernel: they are in the FIFO or in the file, whenever we are killed.

    Raises:
        BlockingIOError: the FIFO is empty.

    """
    return os.splice(fifo, file, count, offset_dst=offset, flags=os.SPLICE_F_NONBLOCK)


def copy(fifo: int, file: int, count: int, offset: int) -> int:
    """Read bytes and write them, where there is no splice.

    Raises:
        BlockingIOError: the FIFO is empty.
        Spilled: they could be read, and not all of them written.

    """
    data = memoryview(os.read(fifo, min(count, USUAL)))
    written = 0
    try:
        while written < len(data):
            written += os.pwrite(file, data[written:], offset + written)
    except OSError as error:
        raise Spilled(error, taken=len(data), written=written) from error
    return written


best_move: Final[Move] = splice if hasattr(os, "splice") else copy


def discard(fifo: int, count: int) -> int:
    """Take up to about `count` bytes and drop them; return how many there were."""
    dropped = 0
    with suppress(BlockingIOError):
        while dropped < count:
            dropped += len(os.read(fifo, USUAL))
    return dropped


class Capacities:
    """How much each FIFO holds; the busy ones are enlarged.

    When as many are enlarged as may be, one that has fallen quiet is made small again in favour of
    the next busy one.
    """

    def __init__(self) -> None:
        self._capacity: dict[int, int] = {}
        self._quiet: set[int] = set()

    def add(self, fifo: int) -> None:
        """Begin with a FIFO, which an earlier daemon may have enlarged."""
        self._capacity[fifo] = USUAL
        self._quiet.add(fifo)
        if sys.platform == "linux":
            self._capacity[fifo] = fcntl.fcntl(fifo, fcntl.F_GETPIPE_SZ)

    def remove(self, fifo: int) -> None:
        """Be done with a FIFO."""
        self._capacity.pop(fifo, None)
        self._quiet.discard(fifo)

    def of(self, fifo: int) -> int:
        """Say how many bytes a FIFO holds."""
        return self._capacity[fifo]

    def busy(self, fifo: int) -> None:
        """Make a FIFO large that fills quickly, if that is possible."""
        self._quiet.discard(fifo)
        if self.of(fifo) >= ENLARGED or not self._may_enlarge():
            return
        # Refused where that is more than this user, or anybody, may have.
        with suppress(OSError):
            self._resize(fifo, ENLARGED)

    def quiet(self, fifo: int) -> None:
        """Note that nothing comes from it any more."""
        self._quiet.add(fifo)

    def _may_enlarge(self) -> bool:
        enlarged = [fifo for fifo, size in self._capacity.items() if size > USUAL]
        if len(enlarged) < MOST_ENLARGED:
            return True
        for fifo in enlarged:
            if fifo in self._quiet:
                # Refused where something came in meanwhile: then it is not so quiet.
                with suppress(OSError):
                    self._resize(fifo, USUAL)
                    return True
        return False

    def _resize(self, fifo: int, size: int) -> None:
        if sys.platform == "linux":
            self._capacity[fifo] = fcntl.fcntl(fifo, fcntl.F_SETPIPE_SZ, size)

"""The daemon's own log, in a file of bounded size; failing to write it does no harm."""

import logging
import os
import time
from contextlib import suppress
from typing import Final

LARGEST: Final = 1024 * 1024
"""Bytes of the file, and of the one older that is kept."""


class OwnLog(logging.Handler):
    """Appends lines to a file, which at its bound becomes the older one.

    It loses what cannot be written, and goes on in the same file where it cannot be exchanged. A
    quarter of the work of `logging.handlers`, which also takes 10 ms to import at each start.
    """

    def __init__(self, path: str, *, largest: int = LARGEST) -> None:
        super().__init__()
        self._path = path
        self._largest = largest
        self._fd: int | None = None
        self._size = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            line = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
            self._size += os.write(self._file_for(len(line)), line)
        except OSError:
            # Nobody is at standard error, and the disk may be full for hours. A file that could be
            # opened and not written to may be another by now.
            self._let_go()
        except (TypeError, ValueError):  # the arguments do not fit the message
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        self._let_go()
        super().close()

    def _file_for(self, size: int) -> int:
        fd = self._open()
        if not self._size or self._size + size <= self._largest:
            return fd
        with suppress(OSError):
            os.replace(self._path, f"{self._path}.1")  # noqa: PTH105 - a bare path is all there is
            self._let_go()
        return self._open()

    def _open(self) -> int:
        if self._fd is None:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._size = os.fstat(self._fd).st_size
        return self._fd

    def _let_go(self) -> None:
        if self._fd is not None:
            fd, self._fd = self._fd, None
            with suppress(OSError):  # what a network file system says late
                os.close(fd)


class Lines(logging.Formatter):
    """Puts the time into words once a second, and not for each line: hundreds come together."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._second = -1
        self._words = ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - the library's signature
        """Say when it was logged, to the millisecond."""
        second = int(record.created)
        if second != self._second:
            self._words = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
            self._second = second
        return f"{self._words},{int(record.msecs):03d}"


def log_to(path: str) -> None:
    """Write what is logged to this file from now on."""
    handler = OwnLog(path)
    handler.setFormatter(Lines())
    logging.getLogger().addHandler(handler)
    logging.getLogger("pmdaemon").setLevel(logging.INFO)
    # Where in the code, and in which thread, a line was logged is what we never say, and the
    # library would find it out each time (docs.python.org/3/howto/logging.html#optimization).
    logging._srcfile = None  # noqa: SLF001 - documented there under this name
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

"""What the daemon itself has to say, in a bounded file; that it cannot be said is no harm."""

import logging
import logging.handlers
from contextlib import suppress
from pathlib import Path
from typing import Final

LARGEST: Final = 1024 * 1024
"""Bytes of the file, and of the one older that is kept."""


class OwnLog(logging.handlers.RotatingFileHandler):
    """Loses what cannot be written, and goes on in the same file where it cannot be exchanged."""

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        """Exchange the file for a new one, if that can be done."""
        with suppress(OSError):
            super().doRollover()
        if self.stream is None:
            self.stream = self._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the library's
        """Say nothing: there is nobody at standard error, and the disk may be full for hours."""
        # A file that could be opened and not written to may be another by now.
        with suppress(OSError):
            self.close_stream()

    def close_stream(self) -> None:
        """Close the file until the next line."""
        if self.stream is not None:
            stream, self.stream = self.stream, None
            stream.close()


def log_to(path: Path) -> None:
    """Write what is logged to this file from now on."""
    handler = OwnLog(path, maxBytes=LARGEST, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("pmdaemon").setLevel(logging.INFO)

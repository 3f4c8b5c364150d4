"""Files that tell a service manager of us: written whole or not at all, and only over our own."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.wording import shown, why
from pmdaemon.install.units import MARK


class ServiceFile:
    """One file of a service manager."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str | None:
        """Return what is there; None when nothing is.

        Raises:
            OperationFailed: it is not ours, or cannot be read.

        """
        try:
            text = self.path.read_text("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed("read", error) from error
        if MARK not in text:
            raise OperationFailed(
                f"{shown(str(self.path))} was not made by pmdaemon startup, so it stays as it is",
                path=str(self.path),
            )
        return text

    def write(self, text: str) -> None:
        """Put `text` there.

        Raises:
            OperationFailed: it cannot be written; what was there is there still.

        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".pmdaemon-")
        except OSError as error:
            raise self._failed("write", error) from error
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
                os.fchmod(descriptor, 0o644)
            Path(temporary).replace(self.path)
        except OSError as error:
            with suppress(OSError):
                Path(temporary).unlink()
            raise self._failed("write", error) from error

    def put_back(self, former: str | None) -> None:
        """Undo a `write`: have there what `read` said was there before."""
        if former is None:
            self.remove()
        else:
            self.write(former)

    def remove(self) -> None:
        """Take it away, if it is there.

        Raises:
            OperationFailed: it cannot be removed.

        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed("remove", error) from error

    def _failed(self, what: str, error: OSError) -> OperationFailed:
        return OperationFailed(f"cannot {what} {shown(str(self.path))}: {why(error)}")

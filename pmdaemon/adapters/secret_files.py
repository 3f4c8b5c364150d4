"""Files with secrets, in the home: mode 0600, and whole or not there at all."""

import os
import stat
from pathlib import Path

from pmdaemon.adapters.private_files import FILE_MODE, write_private
from pmdaemon.core.errors import HomeUnusable
from pmdaemon.core.wording import why


class HomeSecretFiles:
    """The secret files of one home."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def read(self, name: str) -> str | None:
        """Read one; None when there is none. Whatever others could do with it is taken away."""
        path = self._home / name
        try:
            with path.open(encoding="utf-8") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    os.fchmod(file.fileno(), FILE_MODE)
                return file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise HomeUnusable(f"cannot read {path}: {reason.lower()}", path=str(path)) from error

    def write(self, name: str, text: str) -> str:
        """Write one, whole or not at all, and return its path."""
        path = self._home / name
        try:
            write_private(path, text.encode())
        except OSError as error:
            raise HomeUnusable(f"cannot write {path}: {why(error)}", path=str(path)) from error
        return str(path)

    def remove(self, name: str) -> None:
        """Remove one; that there is none is as well."""
        path = self._home / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise HomeUnusable(f"cannot remove {path}: {why(error)}", path=str(path)) from error

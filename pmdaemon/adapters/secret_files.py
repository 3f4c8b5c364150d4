"""Files with secrets, in the home: mode 0600, and whole or not there at all."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from pmdaemon.core.errors import HomeUnusable
from pmdaemon.core.wording import why

MODE = 0o600


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
                    os.fchmod(file.fileno(), MODE)
                return file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise HomeUnusable(f"cannot read {path}: {reason.lower()}", path=str(path)) from error

    def write(self, name: str, text: str) -> str:
        """Write one, whole or not at all, and return its path."""
        path = self._home / name
        fresh = path.with_name(f"{name}.{os.getpid()}.new")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, MODE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, MODE)
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            fresh.replace(path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            raise HomeUnusable(f"cannot write {path}: {why(error)}", path=str(path)) from error
        return str(path)

    def remove(self, name: str) -> None:
        """Remove one; that there is none is as well."""
        path = self._home / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise HomeUnusable(f"cannot remove {path}: {why(error)}", path=str(path)) from error

"""Files and folders that nobody else may look into."""

import os
from contextlib import suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600


def make_private(path: Path) -> Path:
    """Make a folder unless it is there, and, as private, those above it that are not.

    Raises:
        OSError: it cannot be made.

    """
    if not path.is_dir():
        make_private(path.parent)
        with suppress(FileExistsError):
            path.mkdir(mode=FOLDER_MODE)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, and on disk when this returns.

    Raises:
        OSError: it cannot be written; what was there still is.

    """
    fresh = make_private(path.parent) / f".{path.name}.new"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        descriptor = os.open(fresh, flags, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, FILE_MODE)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise

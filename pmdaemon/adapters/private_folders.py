"""Folders that nobody else may look into, with all that is above them and had to be made."""

from contextlib import suppress
from pathlib import Path

MODE = 0o700


def make_private(path: Path) -> Path:
    """Make a folder unless it is there.

    Raises:
        OSError: it cannot be made.

    """
    if not path.is_dir():
        make_private(path.parent)
        with suppress(FileExistsError):
            path.mkdir(mode=MODE)
    return path

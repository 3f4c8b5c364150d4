"""Output files on disk: made, rotated, removed, each together with its time index.

In a rotation `app-0.out` becomes `app-0.out.1`, and so on. Each step is one rename, from the oldest
to the youngest. So a kill in between leaves a gap in the row and no loss, and the next rotation
fills the gap. A time index moves right after its file; a file that comes to a place takes no index
from whoever was there before.
"""
# Descriptors and bare paths, some of it a thousand times a second:
# ruff: noqa: PTH103, PTH104, PTH108, PTH120

import os
from contextlib import suppress
from itertools import count

from pmdaemon.core.logs import rotated_path, times_path


def open_output(path: str, flags: int = 0) -> int:
    """Open a file for reading and writing; it is made, and its folder, when it is not there."""
    flags |= os.O_RDWR | os.O_CREAT
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        return os.open(path, flags, 0o600)


def rotate(path: str, keep: int) -> None:
    """Move the current file away; with it, the `keep` youngest stay.

    With none to keep it is removed, not emptied: whoever is reading it can finish.

    Raises:
        OSError: it is still there.

    """
    gap = _first_gap(path)
    remove_rotated(path, beyond=keep if gap <= keep else max(0, keep - 1))
    if keep <= 0:
        _remove(path)
        return
    for number in range(min(gap, keep), 1, -1):
        _move(rotated_path(path, number - 1), rotated_path(path, number))
    _move(path, rotated_path(path, 1))


def remove_rotated(path: str, *, beyond: int = 0) -> None:
    """Remove the older files, except for the `beyond` youngest."""
    missing = 0
    for number in count(beyond + 1):
        try:
            _remove(rotated_path(path, number))
        except FileNotFoundError:
            # One gap may be there from a rotation that was cut short.
            missing += 1
            if missing > 1:
                return


def _first_gap(path: str) -> int:
    return next(number for number in count(1) if not os.path.lexists(rotated_path(path, number)))


def _remove(path: str) -> None:
    os.unlink(path)
    with suppress(OSError):
        os.unlink(times_path(path))


def _move(path: str, to: str) -> None:
    os.rename(path, to)
    try:
        os.rename(times_path(path), times_path(to))
    except OSError:
        with suppress(OSError):
            os.unlink(times_path(to))

"""Output files on disk: made, rotated, removed, each together with its time index.

In a rotation `app-0.out` becomes `app-0.out.1`, and so on. Each step is one rename, from the oldest
to the youngest. So a kill in between leaves a gap in the row and no loss, and the next rotation
fills the gap. A time index moves right after its file; a file that comes to a place takes no index
from whoever was there before.

An older file may be compressed, `app-0.out.2.gz`. A kill may leave it in both forms; then the plain
one counts, and the other goes when it is next touched. The time index is the same for both.
"""
# Descriptors and bare paths, some of it a thousand times a second:
# ruff: noqa: PTH103, PTH104, PTH105, PTH108, PTH116, PTH120

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

from pmdaemon.core.logs import (
    LAST_BYTES,
    compressed_path,
    last_lines,
    rotated_path,
    times_path,
)


def open_output(path: str, flags: int = 0) -> int:
    """Open a file for reading and writing; it is made, and its folder, when it is not there."""
    flags |= os.O_RDWR | os.O_CREAT
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        return os.open(path, flags, 0o600)


def size_of(path: str) -> int:
    """Say how many bytes a file holds; none when it is not there."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def read_end(path: str, begin: int) -> tuple[str, ...]:
    """Read the last few lines of an output file, of what stands behind its `begin`.

    A file that is shorter has been exchanged meanwhile. None when it cannot be read.
    """
    with suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - a bare path, as above
        size = os.fstat(file.fileno()).st_size
        begin = begin if begin <= size else 0
        start = max(begin, size - LAST_BYTES)
        file.seek(start)
        return last_lines(file.read(LAST_BYTES), whole=start == begin)
    return ()


def rotate(path: str, keep: int) -> None:
    """Exchange the current file for an empty one; with it, the `keep` youngest stay.

    With none to keep it is removed, not emptied: whoever is reading it can finish.

    Raises:
        OSError: it is still there.

    """
    gap = _first_gap(path)
    remove_rotated(path, beyond=keep if gap <= keep else max(0, keep - 1))
    # Made before the other goes: where inodes are spent, that one is better than none.
    empty = f"{times_path(path)}.next"
    os.close(open_output(empty, os.O_TRUNC))
    if keep > 0:
        for number in range(min(gap, keep), 1, -1):
            _move_older(rotated_path(path, number - 1), rotated_path(path, number))
        os.rename(path, rotated_path(path, 1))
        _move_times(path, rotated_path(path, 1))
    else:
        with suppress(OSError):
            os.unlink(times_path(path))
    os.replace(empty, path)


def shift(path: str, keep: int) -> None:
    """Put a file that has no time index among the older ones, of which `keep` stay.

    Raises:
        OSError: it is still there.

    """
    gap = _first_gap(path)
    remove_rotated(path, beyond=keep if gap <= keep else max(0, keep - 1))
    if keep <= 0:
        os.unlink(path)
        return
    for number in range(min(gap, keep), 1, -1):
        _move_older(rotated_path(path, number - 1), rotated_path(path, number))
    os.rename(path, rotated_path(path, 1))


def remove_rotated(path: str, *, beyond: int = 0) -> None:
    """Remove the older files, except for the `beyond` youngest."""
    for number in _numbers(path, beyond + 1):
        _remove_older(rotated_path(path, number))


def remove_expired(path: str, before: float) -> float | None:
    """Remove the older files that were last written to before that time.

    Returns:
        When the oldest that stays was last written to, if there is any; both in seconds since the
        epoch.

    """
    for number in reversed([*_numbers(path, 1)]):
        older = rotated_path(path, number)
        written = _written(older)
        if written is None:
            continue
        if written >= before:
            return written
        _remove_older(older)
    return None


def plain_older(path: str) -> str | None:
    """Name the youngest older file that can be compressed.

    The very youngest is left as it is: most of what people look for is there, and who follows the
    output may be reading it still.
    """
    plain = (rotated_path(path, number) for number in _numbers(path, 2))
    return next((older for older in plain if os.path.lexists(older)), None)


def put_compressed(part: str, path: str, identity: tuple[int, int]) -> bool:
    """Put `part` in the place of the older file of `path` that it was made of, wherever it is now.

    It is False, and nothing is done, when that file is gone.

    Raises:
        OSError: it could not be put there; the file is as it was.

    """
    for number in _numbers(path, 1):
        older = rotated_path(path, number)
        with suppress(FileNotFoundError):
            found = os.stat(older)
            if (found.st_dev, found.st_ino) == identity:
                os.replace(part, compressed_path(older))
                os.unlink(older)
                return True
    return False


def _numbers(path: str, first: int) -> Iterator[int]:
    """Count the older files from number `first` on; one gap may be there from a cut rotation."""
    missing = 0
    for number in count(first):
        if _is_there(path, number):
            missing = 0
            yield number
        else:
            missing += 1
            if missing > 1:
                return


def _first_gap(path: str) -> int:
    return next(number for number in count(1) if not _is_there(path, number))


def _is_there(path: str, number: int) -> bool:
    older = rotated_path(path, number)
    return os.path.lexists(older) or os.path.lexists(compressed_path(older))


def _written(older: str) -> float | None:
    for form in (older, compressed_path(older)):
        with suppress(FileNotFoundError):
            return os.stat(form).st_mtime
    return None


def _remove_older(older: str) -> None:
    # The compressed form first: were it left alone, it would count again.
    with suppress(FileNotFoundError):
        os.unlink(compressed_path(older))
    with suppress(FileNotFoundError):
        os.unlink(older)
    with suppress(OSError):
        os.unlink(times_path(older))


def _move_older(older: str, to: str) -> None:
    if os.path.lexists(older):
        with suppress(FileNotFoundError):
            os.unlink(compressed_path(older))
        os.rename(older, to)
    else:
        os.rename(compressed_path(older), compressed_path(to))
    _move_times(older, to)


def _move_times(path: str, to: str) -> None:
    try:
        os.rename(times_path(path), times_path(to))
    except OSError:
        with suppress(OSError):
            os.unlink(times_path(to))

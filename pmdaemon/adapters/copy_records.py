"""How far a copy of output has come, on disk, so that a kill neither loses nor doubles a byte.

Before a piece is appended to a copy, its record says what is about to be written and where; when
it has been, the record says so. Of all pieces one at a time is under way. A daemon that finds a
piece under way looks whether it is there as a whole; if not, what is there of it is cut off, and it
is written again.
"""
# Descriptors and bare paths, some of it twenty times a second:
# ruff: noqa: PTH103, PTH108, PTH118, PTH120, PTH208

import os
from contextlib import suppress
from hashlib import sha256
from struct import Struct
from typing import Final, NamedTuple

FOLDER: Final = ".copies"
"""Where the records are, beside the output."""

LARGEST: Final = 16 * 1024
"""Bytes of a record, at the most; paths are shorter (PATH_MAX)."""

_FORM = Struct("<10Q")


class Place(NamedTuple):
    """A place in the output: a file, by device and inode, and an offset in it."""

    device: int
    inode: int
    offset: int


class _Record(NamedTuple):
    """From `before` to `after`, `length` bytes are written at `size` of the file `target`.

    When nothing is under way, `length` is 0, and both places are the same.
    """

    before: Place
    after: Place
    target: tuple[int, int]
    size: int
    length: int
    path: str

    def encode(self) -> bytes:
        numbers = _FORM.pack(*self.before, *self.after, *self.target, self.size, self.length)
        return numbers + os.fsencode(self.path)

    @classmethod
    def decode(cls, content: bytes) -> "_Record | None":
        if len(content) <= _FORM.size:
            return None
        numbers = _FORM.unpack_from(content)
        return cls(
            Place(*numbers[0:3]),
            Place(*numbers[3:6]),
            (numbers[6], numbers[7]),
            numbers[8],
            numbers[9],
            os.fsdecode(content[_FORM.size :]),
        )


class CopyRecord:
    """The record of one copy: of one stream, into one file."""

    def __init__(self, output: str, target: str) -> None:
        folder, name = os.path.split(output)
        digest = sha256(os.fsencode(target)).hexdigest()[:16]
        self._path = os.path.join(folder, FOLDER, f"{name}.{digest}")
        self._target = target

    def place(self) -> Place | None:
        """Say how far the copy has come, if it has begun.

        Raises:
            OSError: that cannot be found out.

        """
        record = _read(self._path)
        return None if record is None else record.after

    def begin(self, before: Place, after: Place, target: os.stat_result, length: int) -> None:
        """Note that so many bytes are about to be appended to the target."""
        identity = (target.st_dev, target.st_ino)
        self._write(_Record(before, after, identity, target.st_size, length, self._target))

    def settle(self, place: Place) -> None:
        """Note that nothing is under way."""
        self._write(_Record(place, place, (0, 0), 0, 0, self._target))

    def remove(self) -> None:
        """Forget it: the copy is complete, or not wanted any more."""
        with suppress(OSError):
            os.unlink(self._path)

    def _write(self, record: _Record) -> None:
        try:
            _write(self._path, record)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
            _write(self._path, record)


def settle_all(logs_dir: str) -> None:
    """See to the piece that was under way when a daemon died, before anything is copied.

    It has to come first: several outputs may have one copy, and what is appended behind half a
    piece would hide it.

    Raises:
        OSError: that cannot be done.

    """
    folder = os.path.join(logs_dir, FOLDER)
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        path = os.path.join(folder, name)
        record = _read(path)
        if record is not None and record.length:
            place = record.after if _is_written(record) else record.before
            _write(path, _Record(place, place, (0, 0), 0, 0, record.path))


def _read(path: str) -> _Record | None:
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return _Record.decode(os.read(fd, LARGEST))
    finally:
        os.close(fd)


def _write(path: str, record: _Record) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(fd, record.encode(), 0)
    finally:
        os.close(fd)


def _is_written(record: _Record) -> bool:
    """Tell whether a piece that was under way is there; if not, cut off what is there of it.

    A target that is another file by now was moved away behind our last piece, as programs that
    rotate files do.
    """
    try:
        fd = os.open(record.path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        found = os.fstat(fd)
        if (found.st_dev, found.st_ino) != record.target:
            return True
        if found.st_size >= record.size + record.length:
            return True
        if found.st_size > record.size:
            os.ftruncate(fd, record.size)
        return False
    finally:
        os.close(fd)

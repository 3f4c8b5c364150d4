"""Output files: their names, their bounds, and the times of their lines.

A time index lies beside each output file. It is a row of marks, 16 bytes each and ordered by
offset: "what begins at this byte, or after it, came at this time". Whoever moves output appends a
mark; a line's time is that of the last mark at or before its first byte.
"""

from bisect import bisect_right
from enum import StrEnum
from struct import Struct
from typing import NamedTuple, Protocol

MAX_STEM = 180
"""Bytes of a file name that the escaped process name may take, of the 255 there are."""

LAST_LINES = 10
LAST_BYTES = 2048
"""How much of its output is kept as the last words of a program that was given up, at the most."""

_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_MARK = Struct("<QQ")

MARK_SIZE = _MARK.size
"""Bytes that a mark takes."""


TIME_FORMAT = "YYYY-MM-DDTHH:mm:ss"
"""What stands before lines where only `--time` is said, as with PM2."""

NOWHERE = "/dev/null"
"""What a file is called that nobody wants."""


class OutputStream(StrEnum):
    """Which of a program's two outputs."""

    OUT = "out"
    ERR = "err"


def file_name(name: str, instance: int, stream: OutputStream) -> str:
    """Name the file for one stream of a process; different processes have different names.

    Bytes that a file name should not have are percent-encoded, and so is a dot at the beginning.
    What gets too long by that is cut, and told apart by a digest.
    """
    stem = _escaped(name)
    if len(stem) > MAX_STEM:
        # A name never escapes to a `~`, so no short one can look like a cut one.
        stem = f"{stem[: MAX_STEM - 17]}~{_digest(name)}"
    return f"{stem}-{instance}.{stream}"


def last_lines(data: bytes, *, whole: bool) -> tuple[str, ...]:
    """Read the last lines of what a file ends with; without `whole`, the first one is cut."""
    lines = data[-LAST_BYTES:].decode(errors="backslashreplace").splitlines()
    if (not whole or len(data) > LAST_BYTES) and len(lines) > 1:
        lines = lines[1:]
    return tuple(line for line in lines if line.strip())[-LAST_LINES:]


def of_instance(path: str, instance: int) -> str:
    """Name the file of an instance: the first has the path as it is, others a number in it."""
    if not instance or path == NOWHERE:
        return path
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not stem:
        return f"{path}-{instance}"
    return f"{folder}{slash}{stem}-{instance}{dot}{ending}"


def rotated_path(path: str, number: int) -> str:
    """Say where the output before the current file is: 1 is the youngest."""
    return f"{path}.{number}"


def compressed_path(path: str) -> str:
    """Say where an older file is once it is compressed.

    For a moment both may be there; then the file as it was is the one that counts.
    """
    return f"{path}.gz"


def times_path(path: str) -> str:
    """Say where the time index of an output file is."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.times/{name}"


def rotation_due(size: int, max_size: int, *, ends_line: bool) -> bool:
    """Tell whether a file is full: past its bound at the end of a line, or twice as large.

    A `max_size` of 0 is no bound.
    """
    return 0 < max_size <= size and (ends_line or size >= 2 * max_size)


class Mark(NamedTuple):
    """What begins at `offset`, or after it, came at `time_ns` (nanoseconds since the epoch)."""

    offset: int
    time_ns: int

    def encode(self) -> bytes:
        """Word it as the time index has it."""
        return _MARK.pack(*self)


class MarkTable(Protocol):
    """Marks in a row, wherever they are kept."""

    def __len__(self) -> int: ...
    def __getitem__(self, number: int, /) -> Mark: ...


class Marks:
    """The marks in a piece of a time index; a torn one at its end is left out."""

    __slots__ = ("_offsets", "_times")

    def __init__(self, encoded: bytes) -> None:
        whole = len(encoded) // MARK_SIZE * MARK_SIZE
        marks = [Mark(*mark) for mark in _MARK.iter_unpack(encoded[:whole])]
        self._offsets = [mark.offset for mark in marks]
        self._times = [mark.time_ns for mark in marks]

    def __len__(self) -> int:
        return len(self._offsets)

    def __getitem__(self, number: int) -> Mark:
        return Mark(self._offsets[number], self._times[number])

    def time_at(self, offset: int) -> float | None:
        """Tell when what begins at `offset` came, in seconds since the epoch, if that is known."""
        found = bisect_right(self._offsets, offset) - 1
        return self._times[found] / 1e9 if found >= 0 else None


def mark_before(marks: MarkTable, offset: int) -> int:
    """Find the last mark at or before `offset`; -1 when there is none."""
    return bisect_right(marks, offset, key=_offset) - 1


def _offset(mark: Mark) -> int:
    return mark.offset


def _escaped(name: str) -> str:
    encoded = _bytes(name)
    if encoded.translate(None, _PLAIN):  # hardly a name needs more than this look
        plain = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in encoded)
    else:
        plain = name
    return f"%2E{plain[1:]}" if plain.startswith(".") else plain


def _digest(name: str) -> str:
    from hashlib import sha256  # noqa: PLC0415 - takes 3 ms to import, and hardly a name needs it

    return sha256(_bytes(name)).hexdigest()[:16]


def _bytes(name: str) -> bytes:
    # A name from a command line may hold bytes that are not UTF-8, as lone surrogates.
    return name.encode("utf-8", "surrogatepass")

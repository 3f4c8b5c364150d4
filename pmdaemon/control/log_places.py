"""Places in a stream of output: where somebody stopped reading, and goes on later."""

from contextlib import ExitStack
from typing import Final, NamedTuple

from pmdaemon.control.log_beginnings import Beginning, held
from pmdaemon.control.log_sources import LogSource

TAIL: Final = 32
"""Bytes at the end of a line by which a place behind it is known again."""


class Place(NamedTuple):
    """A place just behind a line.

    Inodes are used again, so `check` is there too: the CRC-32 of the end of the line before it.
    """

    inode: int
    offset: int
    check: int


class BehindPlace:
    """A beginning behind a place; where that is gone, it is `lost`, and another one counts."""

    def __init__(self, place: Place, otherwise: Beginning) -> None:
        self._place = place
        self._otherwise = otherwise
        self.lost = False

    def __call__(self, path: str, stack: ExitStack) -> tuple[list[LogSource], int]:
        """Open the files from there on."""
        sources: list[LogSource] = []
        with ExitStack() as tried:
            for source in held(path, tried):
                sources.insert(0, source)
                if _holds(source, self._place):
                    stack.push(tried.pop_all())
                    return sources, self._place.offset
        self.lost = True
        return self._otherwise(path, stack)


def place_at(source: LogSource, offset: int) -> Place:
    """Make the place at an offset, at which a line begins."""
    begin = max(0, offset - TAIL - 1)
    # A compressed file is read in blocks, and one may end in between.
    before = source.read(begin, offset - begin)
    before += source.read(begin + len(before), offset - begin - len(before))
    *_, line, _rest = [b"", *before.split(b"\n")]
    return place_behind(line, source, offset)


def place_behind(tail: bytes, source: LogSource, offset: int) -> Place:
    """Make the place behind a line that ends in `tail`, which is no longer than `TAIL`."""
    import zlib  # noqa: PLC0415 - few keep their place, and every command loads this module

    return Place(source.identity[1], offset, zlib.crc32(tail))


def _holds(source: LogSource, place: Place) -> bool:
    """Tell whether a file has the line that this place is behind."""
    if source.identity[1] != place.inode or source.size() < place.offset:
        return False
    return place_at(source, place.offset) == place

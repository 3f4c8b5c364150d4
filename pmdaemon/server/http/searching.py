"""Lines that programs wrote, picked by what is in them, and bounded in number and in bytes.

What is looked through for a pattern is bounded, too: the newest bytes of each stream, and so many
of all together, so that nobody keeps the daemon busy by asking.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from operator import attrgetter
from typing import Final

from msgspec import Struct

from pmdaemon.control.log_beginnings import with_last_bytes, with_last_lines
from pmdaemon.control.log_reader import LogLine, count_lines, lines_of
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.process import Process
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.server.http.output import dated
from pmdaemon.server.http.patterns import InvalidPattern, Matches

SEARCHED: Final = 16 * 1024 * 1024
"""Bytes that are looked through for a pattern, of all streams together."""

SEARCHED_AT_LEAST: Final = 64 * 1024
"""Bytes that are looked through of each stream, however many there are."""

LARGEST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes of lines in one answer."""


class Wanted(Struct, frozen=True):
    """Which lines: the last so many, in at most so many bytes, that match, if that is asked.

    The search is given up when it is `too_late`.
    """

    lines: int
    size: int = LARGEST_ANSWER
    matches: Matches | None = None
    too_late: Callable[[], bool] = bool


class FoundLine(Struct, frozen=True):
    """A line, whose it is, and when it came, in seconds since the epoch."""

    process: Process
    stream: OutputStream
    time: float
    text: str


class Found(Struct, frozen=True):
    """The last of the lines that are wanted, oldest first, and how many of them there are."""

    lines: Sequence[FoundLine]
    total: int


def search(snapshots: Sequence[ProcessSnapshot], wanted: Wanted) -> Found:
    """Read lines of some processes; it reads files, so it is not for the event loop.

    Raises:
        InvalidPattern: to look for it takes too long.

    """
    streams = [
        (one.process, stream, path)
        for one in snapshots
        for stream, path in ((OutputStream.OUT, one.out_file), (OutputStream.ERR, one.error_file))
    ]
    share = max(SEARCHED // max(1, len(streams)), SEARCHED_AT_LEAST)
    total = 0
    found: list[Sequence[FoundLine]] = []
    for process, stream, path in streams:
        if wanted.matches is None:
            total += count_lines(path)
            last = with_last_lines(wanted.lines)
            lines = _last(lines_of(path, last, stream=stream), wanted)
        else:
            counted = _Counted(wanted.matches, wanted.too_late)
            everything = lines_of(path, with_last_bytes(share), stream=stream)
            lines = _last(counted.of(everything), wanted)
            total += counted.count
        found.append(
            [
                FoundLine(process, one.stream, one.time or 0.0, one.text)
                for one in dated(path, lines)
            ]
        )
    # Each stream is in the order of its times already, but where the clock was set back.
    return Found(_fitting([*merge(*found, key=attrgetter("time"))], wanted), total)


class _Counted:
    """Lets through what matches, and counts it."""

    def __init__(self, matches: Matches, too_late: Callable[[], bool]) -> None:
        self._matches = matches
        self._too_late = too_late
        self.count = 0

    def of(self, lines: Iterable[LogLine]) -> Iterator[LogLine]:
        for line in lines:
            if self._too_late():
                raise InvalidPattern("cannot look for this pattern: it takes too long")
            if self._matches(line.text):
                self.count += 1
                yield line


def _last(lines: Iterable[LogLine], wanted: Wanted) -> Sequence[LogLine]:
    """Keep the last lines of a stream, one more than fits: nothing older can be wanted then."""
    kept: deque[LogLine] = deque()
    size = 0
    for line in lines:
        kept.append(line)
        size += _size(line)
        while kept and (len(kept) > wanted.lines or size - _size(kept[0]) > wanted.size):
            size -= _size(kept.popleft())
    return kept


def _fitting(lines: Sequence[FoundLine], wanted: Wanted) -> Sequence[FoundLine]:
    """Keep the last lines, as many as fit: whole ones, from the newest back."""
    left = wanted.size
    first = len(lines)
    while (
        first > max(0, len(lines) - wanted.lines) and (left := left - _size(lines[first - 1])) >= 0
    ):
        first -= 1
    return lines[first:]


def _size(line: LogLine | FoundLine) -> int:
    """Count the bytes of a line, with its newline."""
    text = line.text
    return len(text if text.isascii() else text.encode("utf-8", "replace")) + 1

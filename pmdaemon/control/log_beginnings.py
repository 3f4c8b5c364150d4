"""Where reading begins in the files of a stream: so many lines back, at a time, so many files back.

A beginning opens the files from there on, oldest first, and says the offset in the first. They are
closed by the `ExitStack` that it is given.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice

from pmdaemon.control.log_sources import LogSource, newest_first

SLACK = 2.0
"""Seconds before which a file may have been written to last, by what is noted of it: the kernel
notes the time of its latest tick, and some file systems, and copies, keep whole seconds only.
"""

Beginning = Callable[[str, ExitStack], tuple[list[LogSource], int]]


def with_last_lines(lines: int) -> Beginning:
    """Begin with the last `lines` lines; what stands after the last newline comes on top."""

    def find(path: str, stack: ExitStack) -> tuple[list[LogSource], int]:
        sources: list[LogSource] = []
        # The newline before the first of them is the one to find.
        behind = lines
        for source in held(path, stack):
            sources.insert(0, source)
            newline, newlines = source.find_newline_back(behind)
            if newline is not None:
                return sources, newline + 1
            behind -= newlines
        return sources, 0

    return find


def at_time(moment: float) -> Beginning:
    """Begin with what came at `moment` (seconds since the epoch), or shortly before.

    Nothing that came later is left out, unless the clock was set back meanwhile. A file without
    times counts as a whole, by its last change. What comes first may be the rest of a line.
    """

    def find(path: str, stack: ExitStack) -> tuple[list[LogSource], int]:
        sources: list[LogSource] = []
        for source in held(path, stack):
            if sources and source.written() < (moment - SLACK) * 1e9:
                break
            sources.insert(0, source)
            begins = source.begins()
            if begins is not None and begins < moment:
                break
        return sources, sources[0].offset_before(moment) if sources else 0

    return find


def with_files(number: int) -> Beginning:
    """Begin with the youngest `number` files, the current one among them."""

    def find(path: str, stack: ExitStack) -> tuple[list[LogSource], int]:
        return [*islice(held(path, stack), number)][::-1], 0

    return find


def with_last_bytes(size: int) -> Beginning:
    """Begin with the first line that begins in the last `size` bytes."""

    def find(path: str, stack: ExitStack) -> tuple[list[LogSource], int]:
        sources: list[LogSource] = []
        left = size
        for source in held(path, stack):
            sources.insert(0, source)
            if source.end > left:
                return sources, source.line_from(source.end - left)
            left -= source.end
        return sources, 0

    return find


def held(path: str, stack: ExitStack) -> Iterator[LogSource]:
    """Open the files of a stream from the current one back, and keep them open."""
    for source in newest_first(path):
        stack.callback(source.close)
        yield source


def at_place(identity: tuple[int, int], offset: int) -> Beginning:
    """Begin where somebody was before: in the file that is known by its inode, wherever it is now.

    When that file is gone, all that is there is new; when it was emptied, all of it is.
    """

    def find(path: str, stack: ExitStack) -> tuple[list[LogSource], int]:
        sources: list[LogSource] = []
        for source in held(path, stack):
            sources.insert(0, source)
            if source.identity == identity:
                return sources, offset if offset <= source.end else 0
        return sources, 0

    return find


def at_end(path: str, stack: ExitStack) -> tuple[list[LogSource], int]:
    """Begin with what is written from now on."""
    for source in held(path, stack):
        return [source], source.end
    return [], 0

"""What programs wrote, for fronts: the last lines of some processes, each with a time."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from msgspec import Struct

from pmdaemon.control.log_reader import LogLine, count_lines, merge, tail
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.snapshots import ProcessSnapshot


class DatedLine(Struct, frozen=True):
    """A line, and when it came, in seconds since the epoch."""

    stream: OutputStream
    time: float
    text: str


class Output(Struct, frozen=True):
    """The last lines, oldest first, and how many there are in all."""

    lines: Sequence[DatedLine]
    total: int


def read_output(
    snapshots: Iterable[ProcessSnapshot], streams: Iterable[OutputStream], lines: int
) -> Output:
    """Read the last `lines` lines that these processes wrote to these streams.

    Reads files, so it is not for the event loop.
    """
    wanted = frozenset(streams)
    files = [
        (path, stream)
        for one in snapshots
        for stream, path in ((OutputStream.OUT, one.out_file), (OutputStream.ERR, one.error_file))
        if stream in wanted
    ]
    merged = merge([dated(path, tail(path, lines, stream=stream)) for path, stream in files])
    last = merged[len(merged) - lines :] if len(merged) > lines else merged
    return Output(
        lines=[DatedLine(line.stream, line.time or 0.0, line.text) for line in last],
        total=sum(count_lines(path) for path, _ in files),
    )


def dated(path: str, lines: Sequence[LogLine]) -> list[LogLine]:
    """Give each line a time; one that was not noted came no later than the file was changed."""
    found: list[LogLine] = []
    time = _changed(path) if lines else 0.0
    for line in lines:
        time = line.time if line.time is not None else time
        found.append(replace(line, time=time))
    return found


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116 - a path of ours, as text throughout
    except OSError:
        return 0.0  # gone since it was read

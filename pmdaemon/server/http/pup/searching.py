"""What the log holds: the journal, and what programs print, as one list in the order of time.

Older pages are asked for by a cursor: a time, and how many of the entries of just that time the
client has already. What comes in meanwhile is newer, and changes nothing about it.
"""

import asyncio
import heapq
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.control.log_beginnings import Beginning, at_time, with_last_lines
from pmdaemon.control.log_reader import Follower, LogLine
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.instance_names import instance_name
from pmdaemon.core.journal import Entry, EntryQuery, Severity
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine

MOST_ENTRIES = 10_000
"""Entries of one answer."""

MOST_CHARACTERS = 16 * 1024 * 1024
"""Characters of one answer: when lines are long, it has fewer of them."""

STREAMS = {
    OutputStream.OUT: (Severity.LOG, "stdout"),
    OutputStream.ERR: (Severity.ERROR, "stderr"),
}
"""How grave what a program prints is, and under which head it stands."""

CURSOR = r"([0-9]{1,12}(?:\.[0-9]{1,9})?)\.([0-9]{1,6})"
"""A time in seconds since the epoch, and a number of entries."""

_time = attrgetter("time")


class Page(Struct, frozen=True):
    """Entries, oldest first, and the cursor to what came before; None when there are none."""

    entries: Sequence[Entry]
    cursor: str | None


async def find_entries(engine: Engine, query: EntryQuery, *, cursor: str | None = None) -> Page:
    """Find the newest entries that fit; with a cursor, those before.

    Raises:
        InvalidInput: it is not a cursor.
        StoreUnavailable: the journal cannot be read.

    """
    until, known = _read_cursor(cursor) if cursor is not None else (None, 0)
    if until is not None:
        until = until if query.until is None else min(until, query.until)
    wanted = replace(query, limit=query.limit + known, until=until or query.until)
    journal = await engine.journal.find(wanted)
    snapshots = engine.processes.list()
    printed = await asyncio.to_thread(read_printed, snapshots, wanted)
    merged = _newest([journal, printed], wanted.limit)
    entries = merged[: len(merged) - known][-query.limit :] if query.limit else []
    if not entries:
        return Page(entries, None)
    oldest = entries[0].time
    at_once = sum(one.time == oldest for one in entries) + (known if oldest == until else 0)
    return Page(entries, f"{oldest:.9f}.{at_once}")


def read_printed(snapshots: Iterable[ProcessSnapshot], query: EntryQuery) -> Sequence[Entry]:
    """Read what programs printed, the newest of it that fits.

    Reads files, so it is not for the event loop.
    """
    found: Sequence[Entry] = []
    if query.consumer is not None or not query.limit:
        return found
    for one in snapshots:
        name = instance_name(one.process)
        if query.processes is not None and name not in query.processes:
            continue
        for stream, (severity, category) in STREAMS.items():
            if query.severity not in {None, severity}:
                continue
            path = one.out_file if stream is OutputStream.OUT else one.error_file
            entries = [
                Entry(time=time, severity=severity, category=category, text=text, process=name)
                for time, text in _fitting(path, stream, query)
            ]
            found = _newest([found, entries], query.limit)
    return found


def _newest(lists: Sequence[Sequence[Entry]], limit: int) -> Sequence[Entry]:
    """Put lists together in the order of time, and leave their newest entries."""
    merged = list(heapq.merge(*lists, key=_time))
    size, count = 0, 0
    for entry in reversed(merged):
        size += len(entry.text)
        if count >= limit or size > MOST_CHARACTERS:
            break
        count += 1
    return merged[len(merged) - count :]


def _fitting(path: str, stream: OutputStream, query: EntryQuery) -> Sequence[tuple[float, str]]:
    last = _kept(path, stream, with_last_lines(query.limit), query)
    if query.until is None or (last and len(last) >= query.limit):
        return last
    # What is wanted may be further back than so many lines.
    return _kept(path, stream, at_time(query.since or 0.0), query)


def _kept(
    path: str, stream: OutputStream, beginning: Beginning, query: EntryQuery
) -> Sequence[tuple[float, str]]:
    kept: deque[tuple[float, str]] = deque(maxlen=query.limit)
    size = 0
    for time, text in _dated(_lines(path, stream, beginning)):
        if query.until is not None and time > query.until:
            break
        if query.since is not None and time < query.since:
            continue
        if len(kept) == query.limit and kept:
            size -= len(kept.popleft()[1])
        kept.append((time, text))
        size += len(text)
        while size > MOST_CHARACTERS:
            size -= len(kept.popleft()[1])
    return list(kept)


def _lines(path: str, stream: OutputStream, beginning: Beginning) -> Iterator[LogLine]:
    follower = Follower(path, stream=stream, beginning=beginning)
    with closing(follower):
        while lines := follower.read_new():
            yield from lines


def _dated(lines: Iterable[LogLine]) -> Iterator[tuple[float, str]]:
    """Give each line a time that is no earlier than that of the line before."""
    latest = 0.0
    for line in lines:
        latest = max(latest, line.time or 0.0)
        yield latest, line.text


def _read_cursor(text: str) -> tuple[float, int]:
    found = re.fullmatch(CURSOR, text)
    if found is None:
        raise InvalidInput(
            f"cannot continue after {shown(text)}: it is not a cursor of the log",
            code="invalid_cursor",
        )
    return float(found[1]), int(found[2])

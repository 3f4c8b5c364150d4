"""What programs print, as they print it: read from the files, and woken when these have grown.

Nobody is waited for and nothing is kept: a reader that is slow reads later, from the file. What
has been removed from there meanwhile is told as a gap.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from msgspec import Struct

from pmdaemon.control.log_beginnings import with_last_lines
from pmdaemon.control.log_places import BehindPlace, Place
from pmdaemon.control.log_reader import Follower, LogLine, merge
from pmdaemon.control.threads import in_thread
from pmdaemon.core.errors import InvalidInput, ProcessNotFound
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import Notice, OutputGrew, ProcessChanged
from pmdaemon.core.process import Process
from pmdaemon.core.selectors import Selector
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine

LONGEST_CURSOR: Final = 8000
"""Characters, as a header has to hold it; a stream of a process takes about 30."""

LONGEST_REPEATED: Final = 1000
"""Characters of a cursor that comes with every line, where it need not."""

SLICE: Final = 200
"""Lines handed out at a time."""

ALL: Final = 1 << 60
"""More lines than any file has."""

CURSOR_PART = r"([0-9]{1,9})\.(out|err):([0-9a-f]{1,16})\.([0-9a-f]{1,16})\.([0-9a-f]{1,8})"
"""A stream of a process, and a place in it; commas stand between several."""

_CURSOR_PART = re.compile(CURSOR_PART)

Stream = tuple[int, OutputStream]


class Printed(Struct, frozen=True):
    """A line, whose it is, and the cursor to go on behind it, if it is told."""

    process: Process
    line: LogLine
    cursor: str | None


class Missed(Struct, frozen=True):
    """Something that a process printed was removed before it was read here."""

    process: Process
    stream: OutputStream


class LogStream:
    """Follows the output of the selected processes, also of instances that come later.

    Args:
        lines: how many of the last lines come first.
        cursor: where to go on instead, as it came with a line; where that cannot be found any
            more there is a gap, and the last lines come.
        lasting: to go on when there is no process left, as others may come. The first batch is
            empty then, and a long cursor comes with the last line of a batch only.

    Raises:
        InvalidInput: this is not a cursor.
        ProcessNotFound: there is no such process.

    """

    def __init__(
        self,
        engine: Engine,
        selectors: Sequence[Selector],
        streams: Iterable[OutputStream],
        *,
        lines: int,
        cursor: str | None = None,
        lasting: bool = False,
    ) -> None:
        self._engine = engine
        self._selectors = selectors
        self._streams = frozenset(streams)
        self._lines = lines
        self._lasting = lasting
        self._resumed = cursor is not None
        self._places = read_cursor(cursor) if cursor is not None else {}
        self._followers: dict[Stream, Follower] = {}
        self._former: list[Follower] = []
        self._resumed_at: dict[Stream, BehindPlace] = {}
        self._gaps: dict[Stream, int] = {}
        self._grown: set[Stream] = set()
        self._news = asyncio.Event()
        self._meant = {one.process.pm_id: one for one in engine.processes.list(selectors)}
        self._met = {pm_id: one.process for pm_id, one in self._meant.items()}

    @property
    def cursor(self) -> str | None:
        """Where it is; None where that takes too long to say."""
        cursor = write_cursor(self._places)
        return cursor if len(cursor) <= LONGEST_CURSOR else None

    async def read(self) -> AsyncGenerator[Sequence[Printed | Missed], None]:
        """Hand out what there is, and what comes, until all of the processes are deleted.

        To be closed by `aclose` when it is left before that.
        """
        leave_bus = self._engine.bus.subscribe(self._on_notice)
        leave_logs = self._engine.logs.follow()
        try:
            await self._open_all()
            if self._lasting:
                yield ()
            for pieces in _in_slices(await self._read_first()):
                yield pieces
            while self._lasting or self._meant or self._grown:
                await self._news.wait()
                self._news.clear()
                while self._grown:
                    for pieces in _in_slices(await self._read_on(self._grown.pop())):
                        yield pieces
        finally:
            leave_logs()
            leave_bus()
            for follower in (*self._followers.values(), *self._former):
                follower.close()

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case OutputGrew(pm_id, stream) if (pm_id, stream) in self._followers:
                self._grown.add((pm_id, stream))
            case ProcessChanged(before, after) if before is None or after is None:
                self._select()
            case _:
                return
        self._news.set()

    def _select(self) -> None:
        """See which processes are meant now: some are new, and some are gone."""
        before, self._meant = self._meant, {}
        for selector in self._selectors:
            with suppress(ProcessNotFound):
                found = self._engine.processes.list([selector])
                self._meant |= {one.process.pm_id: one for one in found}
        for pm_id in self._meant.keys() - before.keys():
            self._met[pm_id] = self._meant[pm_id].process
            # It is about to be started, so what it prints comes behind what is there.
            for key, path in self._files(self._meant[pm_id]):
                self._places.pop(key, None)  # a place is that of another one of this pm_id
                if (former := self._followers.pop(key, None)) is not None:
                    self._former.append(former)  # a thread may be reading it
                self._take(key, self._opened(key, path, lines=0))
        self._grown |= {key for key in self._followers if key[0] not in self._meant}

    async def _open_all(self) -> None:
        files = [file for one in self._meant.values() for file in self._files(one)]
        for key, path in files:
            # What a cursor does not mention had printed nothing by then, so all of it is new.
            unheard = self._resumed and key not in self._places
            lines = ALL if unheard else self._lines
            opening = partial(self._opened, key, path, lines=lines)
            self._take(key, await in_thread(opening, undo=Follower.close))

    def _opened(self, key: Stream, path: str, *, lines: int) -> Follower:
        pm_id, stream = key
        beginning = with_last_lines(lines)
        if (place := self._places.get(key)) is not None:
            beginning = self._resumed_at[key] = BehindPlace(place, beginning)
        return Follower(path, stream=stream, pm_id=pm_id, placed=True, beginning=beginning)

    def _take(self, key: Stream, follower: Follower) -> None:
        self._followers[key] = follower
        resumed = self._resumed_at.get(key)
        self._gaps[key] = -1 if resumed is not None and resumed.lost else 0
        if (place := follower.beginning) is not None:
            self._places[key] = place
        self._grown.add(key)

    async def _read_first(self) -> Sequence[Printed | Missed]:
        """Read what there is of all streams, in the order of its times."""
        gaps: list[Printed | Missed] = []
        streams: list[Sequence[LogLine]] = []
        for key in list(self._followers):
            missed, lines = await self._read_new(key)
            gaps += missed
            streams.append(lines)
        merged = merge(streams)
        if not self._resumed and self._lines:  # with none, all that was read is new
            merged = merged[-self._lines :]
        self._news.set()  # there may be more than was read at once
        return [*gaps, *self._printed(merged, behind=len(gaps))]

    async def _read_on(self, key: Stream) -> Sequence[Printed | Missed]:
        gaps, lines = await self._read_new(key)
        if lines:
            self._grown.add(key)  # there may be more
        elif key[0] not in self._meant and key not in self._grown:
            self._followers.pop(key).close()
            self._places.pop(key, None)
        return [*gaps, *self._printed(lines, behind=len(gaps))]

    async def _read_new(self, key: Stream) -> tuple[Sequence[Missed], Sequence[LogLine]]:
        follower = self._followers[key]
        lines = await in_thread(follower.read_new)
        while self._former:
            self._former.pop().close()
        missed = follower.gaps > self._gaps[key]
        self._gaps[key] = follower.gaps
        return [Missed(self._met[key[0]], key[1])] if missed else [], lines

    def _printed(self, lines: Sequence[LogLine], *, behind: int) -> Iterator[Printed]:
        """Tell lines, of which the first comes behind so many other pieces, in slices."""
        told = not self._lasting or len(write_cursor(self._places)) <= LONGEST_REPEATED
        total = behind + len(lines)
        for number, line in enumerate(lines, behind + 1):
            if line.pm_id is None:
                raise AssertionError("a line that is followed is somebody's")
            if line.place is not None:
                self._places[line.pm_id, line.stream] = line.place
            is_last = number % SLICE == 0 or number == total
            yield Printed(self._met[line.pm_id], line, self.cursor if told or is_last else None)

    def _files(self, snapshot: ProcessSnapshot) -> Sequence[tuple[Stream, str]]:
        paths = {OutputStream.OUT: snapshot.out_file, OutputStream.ERR: snapshot.error_file}
        return [
            ((snapshot.process.pm_id, stream), path)
            for stream, path in paths.items()
            if stream in self._streams
        ]


def read_cursor(text: str) -> dict[Stream, Place]:
    """Read where somebody wants to go on.

    Raises:
        InvalidInput: it is not one of our cursors.

    """
    places: dict[Stream, Place] = {}
    for part in text.split(",") if len(text) <= LONGEST_CURSOR else ["?"]:
        found = _CURSOR_PART.fullmatch(part)
        if found is None:
            raise InvalidInput(
                f"cannot continue after {shown(text)}: it is not a cursor of a log stream"
            )
        pm_id, stream, *numbers = found.groups()
        places[int(pm_id), OutputStream(stream)] = Place(*(int(one, 16) for one in numbers))
    return places


def write_cursor(places: Mapping[Stream, Place]) -> str:
    """Write where somebody has got to."""
    return ",".join(
        f"{pm_id}.{stream}:{place.inode:x}.{place.offset:x}.{place.check:x}"
        for (pm_id, stream), place in sorted(places.items())
    )


def _in_slices(pieces: Sequence[Printed | Missed]) -> Iterator[Sequence[Printed | Missed]]:
    """Cut up what is too much to be worded in one turn of the event loop."""
    for begin in range(0, len(pieces), SLICE):
        yield pieces[begin : begin + SLICE]

"""Reading what programs wrote, from the files it is kept in.

Whoever looks at output reads the files; the daemon only says when they have grown. Memory stays
bounded whatever the files hold: they are read in chunks, and of a line that is longer than
`LONGEST` only the beginning is kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Generic, Protocol, TypeVar

from pmdaemon.control.log_beginnings import Beginning, held, with_last_lines
from pmdaemon.control.log_places import TAIL, Place, place_at, place_behind
from pmdaemon.control.log_sources import BATCH, CHUNK, LogSource, newest_first
from pmdaemon.core.logs import Marks, OutputStream

LONGEST: Final = 64 * 1024
"""Bytes of a line that are kept."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line without its newline; `time` is in seconds since the epoch, where it is known."""

    stream: OutputStream
    time: float | None
    text: str
    pm_id: int | None = None
    place: Place | None = None


def tail(path: str, lines: int, *, stream: OutputStream = OutputStream.OUT) -> list[LogLine]:
    """Read the last `lines` lines; an unfinished one at the end counts."""
    if lines <= 0:
        return []
    return [*lines_of(path, with_last_lines(lines), stream=stream)][-lines:]


def lines_of(
    path: str, beginning: Beginning, *, stream: OutputStream = OutputStream.OUT
) -> Iterator[LogLine]:
    """Read what there is from a beginning on; an unfinished line at the end counts."""
    assembler = _LineAssembler(stream)
    with ExitStack() as stack:
        sources, offset = beginning(path, stack)
        for source in sources:
            while chunk := source.read(offset, min(CHUNK, source.end - offset)):
                yield from assembler.feed(chunk, offset, source)
                offset += len(chunk)
            offset = 0
    yield from assembler.finish()


def count_lines(path: str) -> int:
    """Count the lines in all files of a stream; an unfinished one at the end counts."""
    lines = 0
    unfinished: bool | None = None
    with ExitStack() as stack:
        for source in held(path, stack):
            lines += source.count_newlines()
            if unfinished is None and source.end:
                unfinished = source.read(source.end - 1, 1) != b"\n"
    return lines + bool(unfinished)


def merge(streams: Iterable[Sequence[LogLine]]) -> list[LogLine]:
    """Put the lines of several streams in the order of their times.

    The lines of one stream keep their order, also where the clock was set back; a line without a
    time stays with the one before it.
    """
    timed = []
    for lines in streams:
        latest = 0.0
        for line in lines:
            latest = max(latest, line.time or 0.0)
            timed.append((latest, line))
    timed.sort(key=itemgetter(0))
    return [line for _, line in timed]


Piece = TypeVar("Piece")


class Assembler(Protocol[Piece]):
    """Makes what is handed out of what stands in the files."""

    def forget(self) -> None:
        """Drop what is unfinished: the file was emptied."""

    def finish(self) -> list[Piece]:
        """Hand out what is unfinished, if anything is."""

    def feed(self, chunk: bytes, offset: int, source: LogSource) -> list[Piece]:
        """Take what stands at `offset` of a file; return what is complete by it."""


class PieceFollower(Generic[Piece]):
    """Reads on as a stream grows, through rotation, truncation and flush.

    `gaps` counts how often something was removed before it was read.
    """

    def __init__(self, path: str, assembler: Assembler[Piece], beginning: Beginning) -> None:
        self._path = path
        self._assembler = assembler
        self._source: LogSource | None = None
        self._offset = 0
        self.gaps = 0
        with ExitStack() as stack:
            sources, offset = beginning(path, stack)
            if sources:
                self._source, self._offset = sources[0], offset
                stack.pop_all()
                _close(sources[1:])

    @property
    def beginning(self) -> Place | None:
        """Where it is before anything was read; None where there is no file yet."""
        return place_at(self._source, self._offset) if self._source is not None else None

    def place(self) -> tuple[int, int, int]:
        """Say where it reads on: device and inode of the file, and the offset; 0 for none yet."""
        return (*self._source.identity, self._offset) if self._source else (0, 0, 0)

    def finish(self) -> list[Piece]:
        """Hand out what is unfinished, as nobody waits for the rest of it."""
        return self._assembler.finish()

    def close(self) -> None:
        """Let go of the file."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def read_new(self, at_most: int = BATCH) -> list[Piece]:
        """Read what has come since, about `at_most` bytes.

        Nothing means that nothing more is there; after something there may be more.
        """
        found: list[Piece] = []
        taken = 0
        while taken < at_most or not found:
            chunk = self._source.read(self._offset) if self._source else b""
            if self._source and chunk:
                found += self._assembler.feed(chunk, self._offset, self._source)
                self._offset += len(chunk)
                taken += len(chunk)
            elif not self._go_on(found):
                break
        return found

    def _go_on(self, found: list[Piece]) -> bool:
        """At the end of a file, find out whether there is more to read, and where."""
        source = self._source
        if source is None:
            with suppress(FileNotFoundError):
                self._source = LogSource(self._path)
            return self._source is not None
        if source.size() < self._offset:
            self.gaps += 1
            self._assembler.forget()
            self._offset = 0
            return True
        if source.is_at(self._path):
            return False
        if source.read(self._offset, 1):
            return True  # written between our reading and its rotation
        after, continuous = self._file_after(source)
        if after is not None and not continuous:
            self.gaps += 1
            found += self._assembler.finish()
        return self._go_to(after)

    def _go_to(self, source: LogSource | None) -> bool:
        if source is None:
            return False
        self.close()
        self._source, self._offset = source, 0
        return True

    def _file_after(self, source: LogSource) -> tuple[LogSource | None, bool]:
        """Open the file that follows, and tell whether nothing is missing in between."""
        after: LogSource | None = None
        for candidate in newest_first(self._path):
            if candidate.is_copy_of(source.likeness()):
                candidate.close()
                return after, True
            # Where ours is removed, what was last written before it is what we have read already.
            if after is not None and candidate.written() <= source.written():
                candidate.close()
                return after, False
            if after is not None:
                after.close()
            after = candidate
        return after, False


class Follower(PieceFollower[LogLine]):
    """Hands out lines, each when its newline has come.

    It begins with the last `backlog` complete lines, or where `beginning` says.
    With `placed`, each line says where to go on behind it.
    """

    def __init__(
        self,
        path: str,
        *,
        stream: OutputStream = OutputStream.OUT,
        pm_id: int | None = None,
        backlog: int = 0,
        placed: bool = False,
        beginning: Beginning | None = None,
    ) -> None:
        begun = beginning or with_last_lines(backlog)
        super().__init__(path, _LineAssembler(stream, pm_id, placed=placed), begun)


class ByteFollower(PieceFollower[bytes]):
    """Hands out bytes as they are, whole lines or not; it begins as `Follower` does."""

    def __init__(self, path: str, *, backlog: int = 0) -> None:
        super().__init__(path, _AsItIs(), with_last_lines(backlog))


class _AsItIs:
    """Makes nothing of it."""

    def forget(self) -> None:
        """Nothing is kept."""

    def finish(self) -> list[bytes]:
        """Nothing is unfinished."""
        return []

    def feed(self, chunk: bytes, offset: int, source: LogSource) -> list[bytes]:  # noqa: ARG002 - all the same to us
        """Hand it out."""
        return [chunk]


class _LineAssembler:
    """Cuts chunks into lines, and keeps what is unfinished until the rest of it comes."""

    def __init__(
        self, stream: OutputStream, pm_id: int | None = None, *, placed: bool = False
    ) -> None:
        self._stream = stream
        self._pm_id = pm_id
        self._placed = placed
        self.forget()

    def forget(self) -> None:
        """Drop what is unfinished."""
        self._kept = bytearray()
        self._tail = b""
        self._dropped = 0
        self._time: float | None = None

    def finish(self) -> list[LogLine]:
        """Hand out what is unfinished, if anything is."""
        return [self._line()] if self._kept else []

    def feed(self, chunk: bytes, offset: int, source: LogSource) -> list[LogLine]:
        """Take what stands at `offset` of a file; return the lines that are complete by it."""
        marks = source.marks(offset, offset + len(chunk))
        *ends, rest = chunk.split(b"\n")
        lines = []
        for end in ends:
            if not (self._placed or self._kept) and len(end) <= LONGEST:  # as nearly all are
                text = end.decode("utf-8", "replace")
                lines.append(LogLine(self._stream, marks.time_at(offset), text, self._pm_id))
                offset += len(end) + 1
                continue
            self._add(end, offset, marks)
            offset += len(end) + 1
            place = place_behind(self._tail, source, offset) if self._placed else None
            lines.append(self._line(place))
        if rest:
            self._add(rest, offset, marks)
        return lines

    def _add(self, piece: bytes, offset: int, marks: Marks) -> None:
        if not self._kept:
            self._time = marks.time_at(offset)
        kept = piece[: LONGEST - len(self._kept)]
        self._kept += kept
        self._dropped += len(piece) - len(kept)
        if self._placed:
            self._tail = (self._tail + piece[-TAIL:])[-TAIL:]

    def _line(self, place: Place | None = None) -> LogLine:
        text = self._kept.decode("utf-8", "replace")
        if self._dropped:
            text += f" [... {self._dropped} more bytes]"
        line = LogLine(self._stream, self._time, text, self._pm_id, place)
        self.forget()
        return line


def _close(sources: Iterable[LogSource]) -> None:
    for source in sources:
        source.close()

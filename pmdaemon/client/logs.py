"""Reading what programs print, of several at once and in the order of its times.

The files are read as a stream, a piece of each at a time, so memory stays bounded whatever they
hold; what is kept are the last lines, where only those are wanted. Whoever follows goes on where
the past ended, with the same readers.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from heapq import merge
from operator import itemgetter
from typing import Any, Protocol

from pmdaemon.client.calls import Processes
from pmdaemon.control.log_beginnings import Beginning, at_time, with_files, with_last_lines
from pmdaemon.control.log_reader import Follower, LogLine
from pmdaemon.control.log_sources import CHUNK, newest_first
from pmdaemon.control.messages.daemon import PingResult
from pmdaemon.control.messages.processes import GrowthItem
from pmdaemon.core.errors import DaemonUnavailable, InvalidInput
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.wording import shown

DEFAULT_LINES = 15
"""Lines of each process, where neither a number nor a time is said."""

RETRY_DELAY = 0.25
"""Seconds between two looks for a daemon that went away."""

LATEST = 253_402_300_800.0
"""Seconds since the epoch, at the end of the year 9999."""

FILES = {OutputStream.OUT: "out_file", OutputStream.ERR: "error_file"}

View = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines are wanted.

    `lines` is for each process, the last ones, None for all of them; `since` and `until` are in
    seconds since the epoch; `pattern` is looked for in each line.
    """

    lines: int | None = DEFAULT_LINES
    since: float | None = None
    until: float | None = None
    pattern: re.Pattern[str] | None = None
    streams: tuple[OutputStream, ...] = (OutputStream.ERR, OutputStream.OUT)

    @property
    def is_filtered(self) -> bool:
        """Whether the last lines are not simply those at the end of the files."""
        return (self.since, self.until, self.pattern) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Change:
    """A process that is followed changed its state."""

    pm_id: int
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Away:
    """The daemon went away, and is waited for; what programs print is in the files meanwhile."""


class Daemon(Protocol):
    """What is needed of a client."""

    def ping(self) -> PingResult:
        """Check that the daemon answers."""

    def list(self, *selectors: str | int) -> Processes:
        """Return the selected processes, or all."""

    def follow(self, *selectors: str | int) -> Iterator[GrowthItem]:
        """Yield what happens."""


def query_of(
    *,
    lines: int | None,
    since: float | None = None,
    until: float | None = None,
    grep: str | None = None,
    streams: Sequence[str] = ("err", "out"),
    ignore_case: bool = False,
) -> LogQuery:
    """Make a query of what a caller says.

    Raises:
        InvalidInput: the pattern is not a regular expression, a stream is neither `out` nor `err`,
            or a number is not usable.

    """
    if lines is not None and lines < 0:
        raise InvalidInput(f"not a number of lines: {shown(lines)} (it must be 0 or more)")
    for moment in (since, until):
        if moment is not None and not abs(moment) < LATEST:
            raise InvalidInput(f"not a time in seconds since the epoch: {moment}")
    if lines is None and since is None and until is None:
        lines = DEFAULT_LINES
    try:
        chosen = tuple(map(OutputStream, streams))
    except ValueError as error:
        raise InvalidInput("a stream is out or err") from error
    if lines is not None:
        lines = min(lines, _ALL)
    return LogQuery(lines, since, until, _compiled(grep, ignore_case=ignore_case), chosen)


class LogFeed:
    """The lines of some processes that match a query; to be closed, as it keeps files open."""

    def __init__(
        self,
        query: LogQuery,
        *,
        on_new: Callable[[Sequence[View]], None] = lambda _: None,
        open_follower: Callable[..., Follower] = Follower,
    ) -> None:
        self._query = query
        self._on_new = on_new
        self._open = open_follower
        self._followers: dict[tuple[int, OutputStream], Follower] = {}

    def knows(self, pm_id: int) -> bool:
        """Whether this process is among ours."""
        return any(known == pm_id for known, _ in self._followers)

    def history(self, views: Sequence[View], *, final: bool = True) -> Iterator[LogLine]:
        """Take these processes in; yield what they have printed so far, in the order of its times.

        With `final`, the unfinished line at the end of each stream counts.
        """
        self._on_new(views)
        if self._query.lines is None:
            beginning = at_time(self._query.since) if self._query.since else with_files(_ALL)
            timed = [self._timed(one, beginning, final=final) for one in self._new(views)]
            return (line for _, line in merge(*timed, key=itemgetter(0)))
        of_each = [self._last_lines(view, self._query.lines, final=final) for view in views]
        return (line for _, line in merge(*of_each, key=itemgetter(0)))

    def close(self) -> None:
        """Let go of all files."""
        while self._followers:
            self._followers.popitem()[1].close()

    def grown(self, pm_id: int, stream: OutputStream) -> Iterator[LogLine]:
        """Yield what a stream has more than before."""
        follower = self._followers.get((pm_id, stream))
        while follower is not None and (lines := follower.read_new()):
            yield from filter(self._matches, lines)

    def _new(self, views: Sequence[View]) -> list[tuple[View, OutputStream]]:
        return [
            (view, stream)
            for view in views
            for stream in self._query.streams
            if (view["pm_id"], stream) not in self._followers and view.get(FILES[stream])
        ]

    def _last_lines(self, view: View, lines: int, *, final: bool) -> "Timed":
        """Find the last lines of a process; as few of its files are read as will do."""
        new = self._new([view])
        if not self._query.is_filtered:
            return self._kept(new, with_last_lines(lines), lines, final=final)
        if self._query.since is not None:
            return self._kept(new, at_time(self._query.since), lines, final=final)
        files = max((_count_files(one[FILES[stream]]) for one, stream in new), default=0)
        number = 1
        while True:
            kept = self._kept(new, with_files(number), lines, final=final)
            if len(kept) >= lines or number >= files:
                return kept
            number *= 2

    def _kept(
        self,
        new: Sequence[tuple[View, OutputStream]],
        beginning: Beginning,
        lines: int,
        *,
        final: bool,
    ) -> "Timed":
        timed = [self._timed(one, beginning, final=final) for one in new]
        return deque(merge(*timed, key=itemgetter(0)), maxlen=lines)

    def _timed(
        self, of: tuple[View, OutputStream], beginning: Beginning, *, final: bool
    ) -> Iterator[tuple[float, LogLine]]:
        """Begin with a stream: yield its lines, each with a time by which it finds its place.

        A stream keeps its order, also where the clock was set back; a line without a time stays
        with the one before it.
        """
        view, stream = of
        key = (view["pm_id"], stream)
        if (before := self._followers.pop(key, None)) is not None:
            before.close()
        follower = self._open(
            view[FILES[stream]], stream=stream, pm_id=view["pm_id"], beginning=beginning
        )
        self._followers[key] = follower
        return self._read(follower, final=final)

    def _read(self, follower: Follower, *, final: bool) -> Iterator[tuple[float, LogLine]]:
        latest = 0.0
        for line in _all_of(follower, final=final):
            latest = max(latest, line.time or 0.0)
            if self._query.until is not None and latest > self._query.until:
                return
            since = self._query.since
            if since is not None and latest and (line.time or latest) < since:
                continue
            if self._matches(line):
                yield latest, line

    def _matches(self, line: LogLine) -> bool:
        pattern = self._query.pattern
        return pattern is None or pattern.search(line.text) is not None


Timed = deque[tuple[float, LogLine]]

_ALL = 1 << 62


def follow(
    daemon: Daemon,
    selectors: Sequence[str | int],
    feed: LogFeed,
    *,
    wait: Callable[[float], bool | None] = time.sleep,
) -> Generator[LogLine | Change | Away, None, None]:
    """Yield what the processes print from now on, also those that come later.

    This ends when `wait`, which waits for so many seconds, returns true.

    Raises:
        PmdaemonError: the daemon refuses; that it is away is waited for.

    """
    while True:
        try:
            for item in daemon.follow(*(selectors or ("all",))):
                yield from _pieces_of(item, daemon, selectors, feed)
        except DaemonUnavailable:
            yield Away()
        if not _is_back(daemon, wait):
            return


def read(
    daemon: Daemon, selectors: Sequence[str | int], query: LogQuery, *, go_on: bool
) -> Generator[LogLine, None, None]:
    """Yield the lines of the selected processes, and, to `go_on`, those that come.

    Raises:
        PmdaemonError: the daemon refuses, or is not there to begin with.

    """
    with closing(LogFeed(query)) as feed:
        yield from feed.history(daemon.list(*selectors), final=not go_on)
        if go_on:
            for piece in follow(daemon, selectors, feed):
                if isinstance(piece, LogLine):
                    yield piece


def _pieces_of(
    item: GrowthItem, daemon: Daemon, selectors: Sequence[str | int], feed: LogFeed
) -> Iterator[LogLine | Change]:
    if not feed.knows(item["pm_id"]):
        views = [view for view in daemon.list(*selectors) if not feed.knows(view["pm_id"])]
        yield from feed.history(views, final=False)
    if "state" in item:
        yield Change(item["pm_id"], item.get("name", ""), item["state"])
    elif "stream" in item:
        yield from feed.grown(item["pm_id"], OutputStream(item["stream"]))


def _is_back(daemon: Daemon, wait: Callable[[float], bool | None]) -> bool:
    """Wait until the daemon answers; not so if the waiting is ended before."""
    while not wait(RETRY_DELAY):
        with suppress(DaemonUnavailable):
            daemon.ping()
            return True
    return False


def _all_of(follower: Follower, *, final: bool) -> Iterator[LogLine]:
    while lines := follower.read_new(CHUNK):
        yield from lines
    if final:
        yield from follower.finish()


def _count_files(path: str) -> int:
    number = 0
    for source in newest_first(path):
        source.close()
        number += 1
    return number


def _compiled(pattern: str | None, *, ignore_case: bool) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except (re.error, RecursionError, OverflowError) as error:
        message = f"not a usable regular expression: {shown(pattern)} ({error})"
        raise InvalidInput(message, pattern=pattern) from error

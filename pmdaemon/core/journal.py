"""What is written down beside the output of programs: what happened to them, and what was sent in.

Consumers of the web API send lines in, and can ask for all of it by who, when and how grave.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from pmdaemon.core.events import EventKind, ProcessEvent, ending_cause
from pmdaemon.core.instance_names import instance_name
from pmdaemon.core.process import Cause, Process, Wish
from pmdaemon.core.restarts import is_exhausted


class Severity(StrEnum):
    """How grave an entry is; what a program prints is `log`, or `error` where it is on stderr."""

    LOG = "log"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Entry(Struct, frozen=True, kw_only=True):
    """One line.

    `time` is in seconds since the epoch. `process` is the name of the instance it is about, and
    `consumer` that of the token by which it was sent in.
    """

    time: float
    severity: Severity
    category: str
    text: str
    process: str | None = None
    consumer: str | None = None


class EntryQuery(Struct, frozen=True, kw_only=True):
    """Which entries are wanted: the newest `limit` of those that fit all that is said.

    Times are in seconds since the epoch, both ends included. `processes` are names of instances;
    without, all entries fit; an empty one is for entries that are about none.
    """

    limit: int
    processes: tuple[str, ...] | None = None
    severity: Severity | None = None
    since: float | None = None
    until: float | None = None
    consumer: str | None = None


CATEGORIES = {
    EventKind.ADDED: ("added", Severity.INFO, "was added to the list"),
    EventKind.STARTED: ("starting", Severity.INFO, "was started"),
    EventKind.EXITED: ("finished", Severity.INFO, "ended"),
    EventKind.CRASHED: ("errored", Severity.ERROR, "crashed"),
    EventKind.UNHEALTHY: ("health", Severity.WARN, "is unhealthy"),
    EventKind.HEALTHY: ("health", Severity.INFO, "is healthy"),
    EventKind.MEMORY_EXCEEDED: ("memory", Severity.WARN, "holds more memory than it may"),
    EventKind.HEALTH_FAILED: ("health", Severity.WARN, "is started anew, as it is unhealthy"),
    EventKind.TIME_EXCEEDED: ("timeout", Severity.WARN, "runs for longer than it may"),
    EventKind.RESTARTED: ("restart", Severity.INFO, "is started again"),
    EventKind.STOPPED: ("stop", Severity.INFO, "is stopped"),
    EventKind.ERRORED: ("exhausted", Severity.ERROR, "was given up"),
    EventKind.DELETED: ("deleted", Severity.INFO, "was deleted"),
}
"""Under which head each kind of event is written down, how grave it is, and in which words."""

REASONS = {
    Cause.FILES_CHANGED: ("watcher", "is started anew, as files changed"),
    Cause.SCHEDULED: ("scheduler", "is started anew, as it is due"),
}
"""What we do for reasons of our own."""


def entries_between(
    before: Process | None, after: Process | None, events: Iterable[ProcessEvent], at: float
) -> Iterator[Entry]:
    """Word what happened to a process; `events` are those between the two."""
    process = after or before
    if process is None:
        return
    name = instance_name(process)

    def entry(category: str, severity: Severity, text: str) -> Entry:
        return Entry(time=at, severity=severity, category=category, text=text, process=name)

    if before is not None and after is not None and before.wish is not after.wish:
        if after.wish is Wish.BLOCKED:
            yield entry("blocked", Severity.INFO, f"{name} is blocked")
        elif before.wish is Wish.BLOCKED:
            yield entry("unblock", Severity.INFO, f"{name} is not blocked any more")
    cause = ending_cause(before, after) if after is not None else None
    if cause in REASONS:
        category, words = REASONS[cause]
        yield entry(category, Severity.INFO, f"{name} {words}")
    for event in events:
        category, severity, words = CATEGORIES[event.kind]
        if event.kind is EventKind.ERRORED and not is_exhausted(process):
            category = "errored"
        yield entry(category, severity, f"{name} {words}{_details(event)}")


def _details(event: ProcessEvent) -> str:
    match event:
        case ProcessEvent(kind=EventKind.STARTED, pid=int(pid)):
            return f", pid {pid}"
        case ProcessEvent(kind=EventKind.EXITED | EventKind.CRASHED, exit=ended) if ended:
            return f" with {ended}" if ended.code is not None else f" by {ended}"
        case ProcessEvent(reason=str(reason)):
            return f": {reason}"
        case _:
            return ""

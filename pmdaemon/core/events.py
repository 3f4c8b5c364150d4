"""What people call the events of a process: started, crashed, given up.

They are told from the difference between a process before and after, here and nowhere else, so
that every front and hook tells the same story. Several steps may lie between the two, as when a
program is spawned and has ended before anybody looked; what happened in between is still told.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from pmdaemon.core.health import Health, HealthStatus
from pmdaemon.core.process import (
    Cause,
    Errored,
    Exit,
    Identity,
    Process,
    Stopped,
    Stopping,
)


class EventKind(StrEnum):
    """What may happen to a process; the words are those of the PMDaemon API where it has any."""

    ADDED = "added"
    STARTED = "started"
    EXITED = "exited"
    CRASHED = "crashed"
    UNHEALTHY = "unhealthy"
    HEALTHY = "healthy"
    MEMORY_EXCEEDED = "memory_limit_exceeded"
    HEALTH_FAILED = "health_check_failed"
    TIME_EXCEEDED = "time_limit_exceeded"
    RESTARTED = "restarted"
    STOPPED = "stopped"
    ERRORED = "errored"
    DELETED = "deleted"


CUT_SHORT: Mapping[Cause, EventKind] = MappingProxyType(
    {
        Cause.MEMORY_EXCEEDED: EventKind.MEMORY_EXCEEDED,
        Cause.UNHEALTHY: EventKind.HEALTH_FAILED,
        Cause.TIMED_OUT: EventKind.TIME_EXCEEDED,
    }
)
"""Why we end a run that nobody asked us to end."""


class ProcessEvent(Struct, frozen=True, kw_only=True):
    """One thing that happened to a process.

    `pid` is that of the run it is about, `exit` and `cause` tell how and why a run ended, `reason`
    why it was given up. It holds no declaration: events outlive what they are about.
    """

    kind: EventKind
    pm_id: int
    name: str
    namespace: str
    instance: int
    restarts: int
    pid: int | None = None
    exit: Exit | None = None
    cause: Cause | None = None
    reason: str | None = None


def events_between(before: Process | None, after: Process | None) -> list[ProcessEvent]:
    """Tell what happened to a process, in order; it is new without `before`, gone without `after`.

    A run that was ended, for whatever reason, is EXITED, and CRASHED when it ended by itself with
    anything but exit code 0. RESTARTED is the decision to start it again, by which its counter
    grows; STARTED follows when the program runs.
    """
    if after is not None:
        return list(_told(before, after))
    return [_event(before, EventKind.DELETED)] if before is not None else []


def health_event(process: Process, before: Health, after: Health) -> ProcessEvent | None:
    """Tell that a process became unhealthy, or healthy again; None when neither is so."""
    match before.status, after.status:
        case (HealthStatus.HEALTHY | HealthStatus.STARTING, HealthStatus.UNHEALTHY):
            reason = after.last.detail if after.last is not None else None
            return _event(process, EventKind.UNHEALTHY, pid=process.pid, reason=reason)
        case (HealthStatus.UNHEALTHY | HealthStatus.STARTING, HealthStatus.HEALTHY):
            return _event(process, EventKind.HEALTHY, pid=process.pid)
        case _:
            return None


def _told(before: Process | None, after: Process) -> Iterator[ProcessEvent]:
    if before is None:
        yield _event(after, EventKind.ADDED)
    ran, runs = _living(before), _living(after)
    begun = _begun(before, after)
    cause = ending_cause(before, after)
    if cause is not None and cause in CUT_SHORT:
        yield _event(after, CUT_SHORT[cause], pid=ran.pid if ran else None)
    if ran is not None and ran != runs:
        yield _ended(after, ran)
    if before is not None and after.restarts > before.restarts:
        yield _event(after, EventKind.RESTARTED)
    if begun is not None:
        yield _event(after, EventKind.STARTED, pid=begun.pid)
        if begun != runs:
            yield _ended(after, begun)
    match after.state:
        case Stopped() if before is not None and not isinstance(before.state, Stopped):
            yield _event(after, EventKind.STOPPED)
        case Errored(reason) if before is None or before.state != after.state:
            yield _event(after, EventKind.ERRORED, reason=reason)
        case _:
            pass


def _living(process: Process | None) -> Identity | None:
    if process is None or process.pid is None or process.run is None:
        return None
    return process.run.identity


def _begun(before: Process | None, after: Process) -> Identity | None:
    """Give the run that is there now and was not before."""
    if after.run is None:
        return None
    known = before.run if before is not None else None
    is_known = known is not None and known.identity == after.run.identity
    return None if is_known else after.run.identity


def ending_cause(before: Process | None, after: Process) -> Cause | None:
    """Say why a run is being ended, when that began just now."""
    if not isinstance(after.state, Stopping):
        return None
    known = before.state if before is not None else None
    is_told = isinstance(known, Stopping) and known.run.identity == after.state.run.identity
    return None if is_told else after.state.cause


def _ended(after: Process, run: Identity) -> ProcessEvent:
    ended, cause = after.last_exit, after.last_cause
    by_itself = cause is Cause.ENDED_BY_ITSELF and not (ended is not None and ended.clean)
    kind = EventKind.CRASHED if by_itself else EventKind.EXITED
    return _event(after, kind, pid=run.pid, ended=ended, cause=cause)


def _event(
    process: Process,
    kind: EventKind,
    *,
    pid: int | None = None,
    ended: Exit | None = None,
    cause: Cause | None = None,
    reason: str | None = None,
) -> ProcessEvent:
    return ProcessEvent(
        kind=kind,
        pm_id=process.pm_id,
        name=process.name,
        namespace=process.spec.namespace,
        instance=process.instance,
        restarts=process.restarts,
        pid=pid,
        exit=ended,
        cause=cause,
        reason=reason,
    )

"""How processes were, from which moment on: one record each time that something of it changes."""

from msgspec import Struct

from pmdaemon.core.instance_names import instance_name
from pmdaemon.core.process import Exit, Process, ProcessState, Wish
from pmdaemon.core.restarts import is_exhausted


class StateRecord(Struct, frozen=True, kw_only=True):
    """How a process was from `time` on, in seconds since the epoch; gone, it has no state.

    `process` is the name of the instance. `ran` tells whether it had ever been started, and
    `exhausted` whether it was given up as its restarts were used up.
    """

    time: float
    process: str
    state: ProcessState | None
    blocked: bool = False
    restarts: int = 0
    pid: int | None = None
    exit: Exit | None = None
    ran: bool = False
    exhausted: bool = False


class StateQuery(Struct, frozen=True, kw_only=True):
    """Which records are wanted: the newest `limit` of those that fit; both ends are included."""

    limit: int
    processes: tuple[str, ...] | None = None
    since: float | None = None
    until: float | None = None


def record_of(process: Process, time: float) -> StateRecord:
    """Tell how a process is."""
    return StateRecord(
        time=time,
        process=instance_name(process),
        state=process.state.kind,
        blocked=process.wish is Wish.BLOCKED,
        restarts=process.restarts,
        pid=process.pid,
        exit=process.last_exit,
        ran=process.started is not None,
        exhausted=is_exhausted(process),
    )


def record_between(
    before: Process | None, after: Process | None, time: float
) -> StateRecord | None:
    """Tell how a process is now, if that is not how it was."""
    if after is None:
        return StateRecord(time=time, process=instance_name(before), state=None) if before else None
    record = record_of(after, time)
    return None if before is not None and record_of(before, time) == record else record

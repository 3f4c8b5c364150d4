"""The runs of a job, as they are remembered."""

from enum import StrEnum

from msgspec import Struct

from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Backoff,
    Cause,
    Errored,
    Exit,
    Process,
    Starting,
    Stopped,
)


class Outcome(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    STOPPED = "stopped"
    REPLACED = "replaced"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


class OutputRange(Struct, frozen=True):
    """Which bytes of an output file a run wrote.

    `end` is None while it runs; it is below `start` when the file was exchanged meanwhile.
    """

    start: int = 0
    end: int | None = None


class JobRun(Struct, frozen=True, kw_only=True):
    """One run of a job, or, without a `launch`, one that fell due and was skipped.

    `launch` tells the runs of one process apart. Times are in seconds since the epoch; `due` is
    None for a run that somebody asked for.
    """

    app: str
    pm_id: int
    launch: int | None
    due: float | None
    began: float
    ended: float | None = None
    outcome: Outcome = Outcome.RUNNING
    exit: Exit | None = None
    out: OutputRange = OutputRange()
    err: OutputRange = OutputRange()


def is_running(process: Process) -> bool:
    """Whether the latest run of a job goes on, from its being begun to nothing being left."""
    if isinstance(process.state, Starting | Backoff):
        return True
    return process.run is not None


def outcome_of(process: Process) -> Outcome:
    """Say what became of the latest run of a job that does not go on."""
    if isinstance(process.state, Errored):
        return Outcome.FAILED
    match process.last_cause:
        case Cause.TIMED_OUT:
            return Outcome.TIMED_OUT
        case Cause.END_DUE:
            return Outcome.STOPPED
        case Cause.DAEMON_SHUT_DOWN:
            return Outcome.INTERRUPTED
        case Cause.STOP_REQUESTED if isinstance(process.state, Stopped):
            return Outcome.STOPPED
        case Cause.SCHEDULED | Cause.RESTART_REQUESTED | Cause.FILES_CHANGED:
            return Outcome.REPLACED
        case _ if process.last_exit is None or process.last_exit == UNKNOWN_EXIT:
            return Outcome.INTERRUPTED
        case _:
            return Outcome.SUCCEEDED if process.last_exit.clean else Outcome.FAILED

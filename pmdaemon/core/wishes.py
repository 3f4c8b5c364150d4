"""What is asked of a process: by somebody, by its schedule, or by the end of the daemon.

A part of `core.lifecycle`.
"""

from typing import assert_never

from msgspec.structs import replace

from pmdaemon.core.effects import SignalFirst
from pmdaemon.core.moves import (
    Step,
    afresh,
    counted,
    down,
    drain,
    end,
    enter,
    leave,
    same,
    spawn_or_hold,
)
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exited,
    Instant,
    Online,
    Process,
    Run,
    Starting,
    Stopped,
    Stopping,
    Wish,
)

TOO_LATE = 60.0
"""Seconds after which a restart that fell due while nobody looked is only for an older run."""


def wanted_up(process: Process, *, anew: Cause | None = None, gently: bool = False) -> Step:
    """Bring it up; what runs is ended first if there is a cause to start it anew."""
    if process.wish in {Wish.GONE, Wish.BLOCKED}:
        return process, []
    process = replace(process, wish=Wish.UP)
    match process.state:
        case Stopped() | Exited() | Errored() | Backoff():
            return spawn_or_hold(afresh(process))
        case Online(run) if anew is not None and gently:
            # Others wait meanwhile, so it gets no more time than it has for its end.
            return drain(counted(afresh(process)), run, anew, process.spec.stop.grace)
        case Online(run) | Starting(Run() as run) if anew is not None:
            return end(counted(afresh(process)), run, anew)
        case (
            Stopping(
                cause=Cause.STOP_REQUESTED | Cause.ENDED_BY_ITSELF | Cause.TIMED_OUT | Cause.END_DUE
            ) as stopping
        ):
            # The same stop goes on, so the epoch, and with it the grace timer, stays.
            return same(process, replace(stopping, cause=anew or Cause.RESTART_REQUESTED)), []
        case Starting() | Online() | Stopping():
            return process, []
        case _:
            assert_never(process.state)


def wanted_down(process: Process, wish: Wish, *, gently: bool = False) -> Step:
    """Bring it down, and keep it so; `wish` says whether it is forgotten then."""
    process = replace(process, queued=False)
    if process.wish is Wish.BLOCKED and wish is Wish.DOWN:
        wish = Wish.BLOCKED  # it stays blocked, and is stopped
    if process.wish is not Wish.GONE:
        process = replace(process, wish=wish)
    match process.state:
        case Stopped() | Exited() | Errored() | Backoff():
            return down(process)
        case Online(run) if gently:
            return leave(process, run, Cause.STOP_REQUESTED)
        case Online(run) | Starting(Run() as run):
            return end(process, run, Cause.STOP_REQUESTED)
        case Stopping(run, cause, draining=True) if not gently:
            return end(process, run, cause)
        case Starting() | Stopping():
            return process, []
        case _:
            assert_never(process.state)


def blocked(process: Process) -> Step:
    """Let nothing start it; what runs may run on."""
    if process.wish is Wish.GONE:
        return process, []
    process = replace(process, wish=Wish.BLOCKED, queued=False)
    return down(process) if isinstance(process.state, Backoff) else (process, [])


def unblocked(process: Process) -> Step:
    """Let it be started again, and wish for what is so by now."""
    if process.wish is not Wish.BLOCKED:
        return process, []
    is_down = isinstance(process.state, Stopped | Stopping) or process.state == Starting()
    return replace(process, wish=Wish.DOWN if is_down else Wish.UP), []


def reset(process: Process, at: Instant) -> Step:
    """Count from here on."""
    return replace(afresh(process), restarts=0, created=at), []


def signalled(process: Process, signal: str) -> Step:
    """Send a signal to the program, if its first process is there."""
    if process.pid is None or process.run is None:
        return process, []
    return process, [SignalFirst(process.pm_id, process.run, signal)]


def fell_due(process: Process, due: float, at: Instant) -> Step:
    """Heed the time `due` of its schedule, in seconds since the epoch: run it, or run it anew."""
    process = replace(process, due=due)
    if process.wish in {Wish.GONE, Wish.BLOCKED}:
        return process, []
    job = process.spec.job
    if job is None:
        older = isinstance(process.state, Online) and process.state.run.since.wall < due
        if at.wall - due > TOO_LATE and not older:
            return process, []  # what began since is new enough, what is down was left so
        return wanted_up(process, anew=Cause.SCHEDULED)
    if isinstance(process.state, Stopped | Exited | Errored):
        return wanted_up(process)
    match job.overlap:
        case "skip":
            return process, []
        case "replace":
            return wanted_up(process, anew=Cause.SCHEDULED)
        case "queue":
            return replace(process, queued=True), []


def shut_down(process: Process) -> Step:
    """End what runs with the daemon; what is wished for stays, for the next one."""
    match process.state:
        case Online(run) | Starting(Run() as run):
            return end(process, run, Cause.DAEMON_SHUT_DOWN)
        case Stopping(run, draining=True):
            return end(process, run, Cause.DAEMON_SHUT_DOWN)
        case Stopping() as stopping:
            return same(process, replace(stopping, cause=Cause.DAEMON_SHUT_DOWN)), []
        case Backoff():
            return enter(process, Stopped()), []
        case Stopped() | Starting() | Exited() | Errored():
            return process, []
        case _:
            assert_never(process.state)

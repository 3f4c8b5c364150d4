"""Steps that many transitions take: into a state, out of one, and what is to be done for it."""

from collections.abc import Sequence

from msgspec.structs import replace

from pmdaemon.core.effects import (
    Drain,
    Effect,
    Forget,
    SetTimer,
    SignalTree,
    Spawn,
    Timer,
)
from pmdaemon.core.node import shares_sockets
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Instant,
    Process,
    Run,
    Starting,
    State,
    Stopped,
    Stopping,
    Wish,
)

KILL_PATIENCE = 5.0
"""Seconds that SIGKILL may take to show before we say that it failed."""

DRAIN_SECONDS = 30.0
"""How long a run that was replaced may finish what it has begun, where nothing else is declared."""


Step = tuple[Process, Sequence[Effect]]
"""What becomes of a process, and what there is to do."""


def grace(process: Process) -> SetTimer:
    """Set the time that a run has for its end."""
    return SetTimer(process.pm_id, process.epoch, Timer.GRACE, process.spec.stop.grace)


def is_held(process: Process) -> bool:
    """Tell whether a start has to wait for what it depends on."""
    return process.wish is Wish.UP and isinstance(process.state, Stopped)


def spawn_or_hold(process: Process) -> Step:
    """Start the program, or wait for what it depends on."""
    # A replacement waits for nobody: what it stands beside is up without.
    if not process.spec.depends_on or process.replaces is not None:
        return spawn(process)
    held = process if isinstance(process.state, Stopped) else enter(process, Stopped())
    return held, []


def spawn(process: Process) -> Step:
    """Start the program."""
    starting = enter(process, Starting())
    starting = replace(starting, launch=starting.epoch)
    return starting, [Spawn(process.pm_id, starting.epoch)]


def end(process: Process, run: Run, cause: Cause) -> Step:
    """End a run, by its stop signal and with its grace."""
    ending = replace(enter(process, Stopping(run, cause)), last_cause=cause)
    return ending, [SignalTree(process.pm_id, run, process.spec.stop.signal), grace(ending)]


def back_off(process: Process, delay: float, at: Instant, reason: str | None = None) -> Step:
    """Start again after `delay` seconds."""
    waiting = enter(process, Backoff(at, delay, reason))
    return waiting, [SetTimer(process.pm_id, waiting.epoch, Timer.BACKOFF, delay)]


def down(process: Process) -> Step:
    """Be down; what is not wanted any more is forgotten."""
    stopped = process if isinstance(process.state, Stopped) else enter(process, Stopped())
    return stopped, [Forget(process.pm_id)] if process.wish is Wish.GONE else []


def afresh(process: Process) -> Process:
    """Forget what counts towards giving up, as somebody wants it tried again."""
    return replace(process, ends=(), backoff=0.0)


def counted(process: Process) -> Process:
    """Count a restart."""
    return replace(process, restarts=process.restarts + 1)


def enter(process: Process, state: State) -> Process:
    """Go into another state, and so into another epoch."""
    return replace(process, state=state, epoch=process.epoch + 1)


def same(process: Process, state: State) -> Process:
    """Change what a state carries; it stays the same state."""
    return replace(process, state=state)


def leave(process: Process, run: Run, cause: Cause = Cause.REPLACED) -> Step:
    """End a run whose work others carry on, whatever state it is in."""
    match process.state:
        case Stopping(killed=killed) as stopping:
            # It was ending already, and goes on with that.
            ending = enter(process, stopping)
            seconds = KILL_PATIENCE if killed else process.spec.stop.grace
            return ending, [SetTimer(process.pm_id, ending.epoch, Timer.GRACE, seconds)]
        case _ if (patience := _drain_time(process)) is not None:
            return drain(process, run, cause, patience)
        case _:
            return end(process, run, cause)


def drain(process: Process, run: Run, cause: Cause, patience: float) -> Step:
    """Have a run finish what it has begun, for so many seconds, and end it then."""
    draining = enter(process, Stopping(run, cause, draining=True))
    return replace(draining, last_cause=cause), [
        Drain(process.pm_id, run),
        SetTimer(process.pm_id, draining.epoch, Timer.DRAIN, patience),
    ]


def _drain_time(process: Process) -> float | None:
    """Say how long a run may drain; None when nobody could tell that it has.

    Where it shares sockets the program itself tells, and where it has a port of its own the
    gateway, of the requests that came through there.
    """
    stop = process.spec.stop
    if shares_sockets(process.spec):
        return stop.grace if stop.drain is None else stop.drain
    if process.tcp_port is not None:
        return DRAIN_SECONDS if stop.drain is None else stop.drain
    return None

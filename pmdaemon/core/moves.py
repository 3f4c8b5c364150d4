"""Steps that many transitions take: into a state, out of one, and what is to be done for it."""

from collections.abc import Sequence

from msgspec.structs import replace

from pmdaemon.core import readiness
from pmdaemon.core.effects import (
    AwaitReady,
    Drain,
    Effect,
    Forget,
    KillTree,
    SetTimer,
    SignalTree,
    Spawn,
    Sweep,
    Timer,
)
from pmdaemon.core.node import shares_sockets
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Exit,
    Identity,
    Instant,
    Online,
    Process,
    Run,
    Starting,
    State,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.readiness import Sign

KILL_PATIENCE = 5.0
"""Seconds that SIGKILL may take to show before we say that it failed."""

DRAIN_SECONDS = 30.0
"""How long a run that was replaced may finish what it has begun, where nothing else is declared."""


Step = tuple[Process, Sequence[Effect]]
"""What becomes of a process, and what there is to do."""


def spawned(process: Process, epoch: int, run: Run) -> Step:
    """Go on with a program that was started."""
    if process.state != Starting() or epoch != process.epoch:
        # Nobody waits for it, so nobody would ever end it.
        return process, [KillTree(process.pm_id, run)]
    process = replace(process, started=run.since)
    if process.wish is not Wish.UP:  # also blocked meanwhile: then it is not to be started
        if process.replaces is not None:
            return leave(process, run, Cause.NOT_READY)
        return end(process, run, Cause.STOP_REQUESTED)
    if readiness.sign(process) is Sign.NONE:
        return enter(process, Online(run)), []
    return await_ready(enter(process, Starting(run)), run)


def await_ready(process: Process, run: Run) -> Step:
    """Find out when a program is ready, where that is worth waiting for."""
    patience = readiness.patience(process)
    return process, [
        AwaitReady(process.pm_id, run),
        SetTimer(process.pm_id, process.epoch, Timer.READY, patience),
    ]


def exited(process: Process, identity: Identity, ended: Exit) -> Step:
    """Go on with a run whose first process has ended."""
    stop = process.spec.stop
    match process.state:
        case Online(run) | Starting(Run() as run) if run.identity == identity:
            ending = enter(process, Stopping(run, Cause.ENDED_BY_ITSELF, ended))
            ending = replace(ending, last_exit=ended, last_cause=Cause.ENDED_BY_ITSELF)
            return ending, [
                Sweep(process.pm_id, run, stop.signal),
                SetTimer(process.pm_id, ending.epoch, Timer.GRACE, stop.grace),
            ]
        case Stopping(run, cause, exit=None, draining=True) if run.identity == identity:
            ending = enter(process, Stopping(run, cause, ended))
            return replace(ending, last_exit=ended), [
                Sweep(process.pm_id, run, stop.signal),
                grace(ending),
            ]
        case Stopping(run, exit=None) as stopping if run.identity == identity:
            ending = same(process, replace(stopping, exit=ended))
            return replace(ending, last_exit=ended), [Sweep(process.pm_id, run, None)]
        case _:
            return process, []


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


def end_for(counted: Process, process: Process, identity: Identity, cause: Cause) -> Step:
    """End a run for something that was found out about it, if it is still that run."""
    match process.state:
        case Online(run) if run.identity == identity:
            return end(counted, run, cause)
        case _:
            return process, []


def end(process: Process, run: Run, cause: Cause) -> Step:
    """End a run, by its stop signal and with its grace."""
    ending = replace(enter(process, Stopping(run, cause)), last_cause=cause)
    return ending, [SignalTree(process.pm_id, run, process.spec.stop.signal), grace(ending)]


def back_off(process: Process, delay: float, at: Instant, reason: str | None = None) -> Step:
    """Start again after a while."""
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

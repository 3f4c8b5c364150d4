"""How a run ends, from the first word of it until nothing is left, and what follows then.

A part of `core.lifecycle`.
"""

from msgspec.structs import replace

from pmdaemon.core import readiness, restarts
from pmdaemon.core.effects import KillTree, SetTimer, Sweep, Timer
from pmdaemon.core.moves import (
    KILL_PATIENCE,
    Step,
    back_off,
    counted,
    down,
    end,
    enter,
    grace,
    same,
    spawn,
)
from pmdaemon.core.process import (
    Cause,
    Errored,
    Exit,
    Exited,
    Identity,
    Instant,
    Online,
    Process,
    Run,
    Starting,
    Stopping,
    Wish,
)
from pmdaemon.core.readiness import Sign


def ended_for(process: Process, identity: Identity, cause: Cause) -> Step:
    """End a run for something that was found out about it, if it is still that run."""
    match process.state:
        case Online(run) if run.identity == identity:
            return end(counted(process) if _goes_on(process, cause) else process, run, cause)
        case _:
            return process, []


def drained(process: Process, identity: Identity) -> Step:
    """End a run that has finished all it had begun."""
    match process.state:
        case Stopping(run, cause, draining=True) if run.identity == identity:
            return end(process, run, cause)
        case _:
            return process, []


def drain_time_elapsed(process: Process, epoch: int) -> Step:
    """End a run that has had its time for finishing."""
    match process.state:
        case Stopping(run, cause, draining=True) if epoch == process.epoch:
            return end(process, run, cause)
        case _:
            return process, []


def exited(process: Process, identity: Identity, ended: Exit) -> Step:
    """Go on with a run whose first process has ended."""
    signal = process.spec.stop.signal
    match process.state:
        case Online(run) | Starting(Run() as run) if run.identity == identity:
            ending = enter(process, Stopping(run, Cause.ENDED_BY_ITSELF, ended))
            ending = replace(ending, last_exit=ended, last_cause=Cause.ENDED_BY_ITSELF)
            return ending, [
                Sweep(process.pm_id, run, signal),
                grace(ending),
            ]
        case Stopping(run, cause, exit=None, draining=True) if run.identity == identity:
            ending = enter(process, Stopping(run, cause, ended))
            return replace(ending, last_exit=ended), [
                Sweep(process.pm_id, run, signal),
                grace(ending),
            ]
        case Stopping(run, exit=None) as stopping if run.identity == identity:
            ending = same(process, replace(stopping, exit=ended))
            return replace(ending, last_exit=ended), [Sweep(process.pm_id, run, None)]
        case _:
            return process, []


def grace_elapsed(process: Process, epoch: int, survivors: tuple[int, ...]) -> Step:
    """Kill what has not ended; give up what even that has not ended."""
    match process.state:
        case Stopping(run, killed=False) as stopping if epoch == process.epoch:
            killing = enter(process, replace(stopping, killed=True))
            return killing, [
                KillTree(process.pm_id, run),
                SetTimer(process.pm_id, killing.epoch, Timer.GRACE, KILL_PATIENCE),
            ]
        case Stopping(killed=True) if epoch == process.epoch and not survivors:
            # Nobody is left, so the news of it is on its way.
            return process, [SetTimer(process.pm_id, epoch, Timer.GRACE, KILL_PATIENCE)]
        case Stopping(killed=True) if epoch == process.epoch:
            # A delete that failed is over, so that it can be asked for again.
            wish = Wish.DOWN if process.wish is Wish.GONE else process.wish
            pids = ", ".join(map(str, survivors))
            return enter(replace(process, wish=wish), Errored(f"survived SIGKILL: pid {pids}")), []
        case _:
            return process, []


def session_emptied(
    process: Process, identity: Identity, at: Instant, last_words: tuple[str, ...]
) -> Step:
    """Go on when nothing of a run is left."""
    match process.state:
        case Stopping(run, exit=Exit()) as ending if run.identity == identity:
            return _followed(process, ending, at, last_words)
        case _:
            return process, []


def _followed(process: Process, ending: Stopping, at: Instant, last_words: tuple[str, ...]) -> Step:
    """Say what comes after a run: that is for the wish of this moment."""
    is_shutting_down = ending.cause is Cause.DAEMON_SHUT_DOWN
    if process.queued and not is_shutting_down:
        return spawn(replace(process, wish=Wish.UP, queued=False))
    if process.spec.job is not None and process.wish is Wish.UP and is_shutting_down:
        return enter(process, Exited()), []  # a run is over when the daemon ends it
    if process.wish is not Wish.UP or is_shutting_down:
        return down(process)
    if process.replaces is not None:
        return enter(process, Errored(_why_not_good(process, ending), last_words)), []
    if ending.cause is Cause.ENDED_BY_ITSELF:
        return _after_own_end(process, ending, at, last_words)
    return spawn(process) if _goes_on(process, ending.cause) else (enter(process, Exited()), [])


def _goes_on(process: Process, cause: Cause) -> bool:
    """Whether a run that was ended for this has another one behind it."""
    if cause is Cause.TIMED_OUT:
        return process.spec.job is None and process.spec.restart.autorestart
    return cause is not Cause.END_DUE


def _after_own_end(
    process: Process, ending: Stopping, at: Instant, last_words: tuple[str, ...]
) -> Step:
    match restarts.decide(process, ending, at):
        case restarts.LeaveAlone():
            return enter(process, Exited()), []
        case restarts.GiveUp(reason, ends):
            return enter(replace(process, ends=ends), Errored(reason, last_words)), []
        case restarts.StartAgain(delay, ends, backoff):
            again = counted(replace(process, ends=ends, backoff=backoff))
            return back_off(again, delay, at) if delay > 0 else spawn(again)


def _why_not_good(process: Process, ending: Stopping) -> str:
    if ending.cause is not Cause.NOT_READY:
        return f"it ended before it was ready, with {ending.exit}"
    verbs = {Sign.TOLD: "say that it is ready", Sign.HEALTHY: "pass its health check"}
    verb = verbs.get(readiness.sign(process), "listen")
    return f"it did not {verb} within {process.spec.ready.timeout:g} s"

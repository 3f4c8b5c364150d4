"""What becomes of a process when a new daemon reads it from the store.

A part of `core.lifecycle`.
"""

from typing import assert_never

from msgspec.structs import replace

from pmdaemon.core.coming_up import await_ready, spawned
from pmdaemon.core.effects import SetTimer, SignalTree, Sweep, Timer, Watch
from pmdaemon.core.ending import exited
from pmdaemon.core.lifecycle_events import DaemonStarted
from pmdaemon.core.moves import (
    Step,
    counted,
    down,
    end,
    enter,
    grace,
    leave,
    spawn_or_hold,
)
from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Backoff,
    Cause,
    Errored,
    Exited,
    Online,
    Process,
    Run,
    Starting,
    Stopped,
    Stopping,
    Wish,
)


def taken_over(process: Process, event: DaemonStarted) -> Step:
    """Say what becomes of a process, of which the store and a look at the machine tell."""
    if event.rebooted:
        # Monotonic times of the former boot mean nothing now, and no run outlived it.
        process = replace(process, ends=(), created=replace(event.at, wall=process.created.wall))
        if process.spec.job is not None:
            return _interrupted(process)
    if process.replaces is not None and process.wish is Wish.UP:
        process = _given_up(process)
    run = event.run
    if run is not None and event.launch is not None:
        return _found_unrecorded(process, run, event.launch)
    match process.state:
        case Online() if run is not None:
            return process, [Watch(process.pm_id, run)]
        case Starting(Run()) if run is not None:
            waiting, effects = await_ready(process, run)
            return waiting, [Watch(process.pm_id, run), *effects]
        case Stopping(cause=Cause.REPLACED | Cause.NOT_READY as cause, killed=False) if (
            run is not None
        ):
            leaving, effects = leave(replace(process, state=Online(run)), run, cause)
            return leaving, [Watch(process.pm_id, run), *effects]
        case Stopping(cause=cause) if run is not None:
            ending, effects = end(process, run, _taken_over_cause(cause))
            return ending, [Watch(process.pm_id, run), *effects]
        case Starting() if run is not None:
            online, effects = spawned(process, process.epoch, run)
            return online, [Watch(process.pm_id, run), *effects]
        case Online(lost) | Starting(Run() as lost) if event.rebooted:
            return _resumed(replace(enter(process, Stopped()), started=lost.since))
        case Online(lost) | Starting(Run() as lost):
            ended, effects = exited(process, lost.identity, event.exit)
            return ended, [Watch(process.pm_id, lost), *effects]
        case Starting() | Stopping() | Backoff() if event.rebooted:
            return _resumed(process)
        case Stopping(lost) as stopping:
            cause, how = _taken_over_cause(stopping.cause), stopping.exit or event.exit
            ended = enter(process, Stopping(lost, cause, how))
            # It may have been told to stop, or not, and so may what it left behind anywhere.
            return replace(ended, last_exit=how), [
                Watch(process.pm_id, lost),
                SignalTree(process.pm_id, lost, process.spec.stop.signal),
                Sweep(process.pm_id, lost, None),
                grace(ended),
            ]
        case Starting():
            return _resumed(process)
        case Backoff(since, delay):
            left = max(0.0, since.monotonic + delay - event.at.monotonic)
            return process, [SetTimer(process.pm_id, process.epoch, Timer.BACKOFF, left)]
        case Stopped():
            return _resumed(process)
        case Exited() | Errored():
            return down(process) if process.wish is Wish.GONE else (process, [])
        case _:
            assert_never(process.state)


def _given_up(process: Process) -> Process:
    """Give up a replacement: whoever was to take it further died with the former daemon.

    Ready or not, it may have been given connections.
    """
    process = replace(process, wish=Wish.GONE)
    if process.run is None or isinstance(process.state, Stopping):
        return process
    return enter(process, Stopping(process.run, Cause.NOT_READY))


def _found_unrecorded(process: Process, run: Run, launch: int) -> Step:
    """Take up a run of which the store does not know: it was ended and begun again since."""
    process = replace(counted(process), launch=launch, epoch=max(process.epoch, launch))
    online = replace(enter(process, Online(run)), started=run.since)
    if process.wish in {Wish.UP, Wish.BLOCKED}:
        return online, [Watch(process.pm_id, run)]
    ending, effects = end(online, run, Cause.STOP_REQUESTED)
    return ending, [Watch(process.pm_id, run), *effects]


def _taken_over_cause(cause: Cause) -> Cause:
    # The end of the daemon that began this is over: what is wished for holds again.
    return Cause.RESTART_REQUESTED if cause is Cause.DAEMON_SHUT_DOWN else cause


def _resumed(process: Process) -> Step:
    return spawn_or_hold(process) if process.wish is Wish.UP else down(process)


def _interrupted(process: Process) -> Step:
    """Leave a job alone whose run the machine's end has ended: nobody knows how far it had got."""
    match process.state:
        case Online(lost) | Stopping(lost):
            process = replace(process, started=lost.since, last_exit=UNKNOWN_EXIT, queued=False)
        case Starting() | Backoff():
            process = replace(process, queued=False)
        case Stopped() | Exited() | Errored():
            return down(process) if process.wish is Wish.GONE else (process, [])
    return (enter(process, Exited()), []) if process.wish is Wish.UP else down(process)

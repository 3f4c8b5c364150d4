"""How a program comes up: held, spawned, and ready, or not to be had.

A part of `core.lifecycle`.
"""

from typing import assert_never

from msgspec.structs import replace

from pmdaemon.core import readiness
from pmdaemon.core.effects import AwaitReady, KillTree, SetTimer, Timer
from pmdaemon.core.moves import (
    Step,
    back_off,
    down,
    end,
    enter,
    is_held,
    leave,
    same,
    spawn,
)
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Identity,
    Instant,
    Online,
    Process,
    Run,
    Starting,
    Wish,
)
from pmdaemon.core.readiness import Sign

SPAWN_RETRY_DELAY = 1.0
"""Seconds before a spawn is tried again that failed for want of pids, descriptors or memory."""


def dependencies_met(process: Process) -> Step:
    """Start what was held."""
    return spawn(process) if is_held(process) else (process, [])


def dependency_failed(process: Process, reason: str) -> Step:
    """Give up what was held."""
    return (enter(process, Errored(reason)) if is_held(process) else process), []


def backoff_elapsed(process: Process, epoch: int) -> Step:
    """Start again what has waited for it."""
    if isinstance(process.state, Backoff) and epoch == process.epoch:
        return spawn(process)
    return process, []


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


def spawn_failed(
    process: Process, epoch: int, reason: str, *, transient: bool, at: Instant
) -> Step:
    """Try again later where the machine is at fault, and give up where the app is."""
    if not isinstance(process.state, Starting) or epoch != process.epoch:
        return process, []
    if process.wish is not Wish.UP:
        return down(process)
    if transient and process.replaces is None:
        delay = max(SPAWN_RETRY_DELAY, process.spec.restart.restart_delay)
        return back_off(process, delay, at, reason)
    return enter(process, Errored(reason)), []


def await_ready(process: Process, run: Run) -> Step:
    """Find out when a program is ready, where that is worth waiting for."""
    patience = readiness.patience(process)
    return process, [
        AwaitReady(process.pm_id, run),
        SetTimer(process.pm_id, process.epoch, Timer.READY, patience),
    ]


def became_ready(process: Process, identity: Identity, *, told: bool) -> Step:
    """Count on a program that says so itself, or shows the sign that was waited for."""
    match process.state:
        case Starting(Run() as run) if run.identity == identity:
            if told or readiness.sign(process) in {Sign.LISTENING, Sign.HEALTHY}:
                return enter(process, Online(run)), []
            return process, []
        case Online(run, ready=False) if run.identity == identity and told:
            return same(process, Online(run)), []
        case _:
            return process, []


def ready_time_elapsed(process: Process, epoch: int, *, listeners: bool) -> Step:
    """Wait no longer: it is up, ready or not; a replacement has to be ready."""
    match process.state:
        case Starting(Run() as run) if epoch == process.epoch:
            missed = _is_missed(process, listeners=listeners)
            if missed and process.replaces is not None:
                # It may have been given connections all the same.
                return leave(process, run, Cause.NOT_READY)
            return enter(process, Online(run, ready=not missed)), []
        case _:
            return process, []


def _is_missed(process: Process, *, listeners: bool) -> bool:
    """Whether a program should have given a sign by now, and has not."""
    match readiness.sign(process):
        case Sign.TOLD | Sign.HEALTHY:
            return True
        case Sign.LISTENING:
            return process.tcp_port is not None or listeners
        case Sign.LIVING | Sign.NONE:
            return False
        case unknown:
            assert_never(unknown)

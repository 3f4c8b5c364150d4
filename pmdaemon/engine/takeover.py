"""What a new daemon does about the processes it finds in the store."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from pmdaemon.core.environment import token_parts
from pmdaemon.core.lifecycle_events import DaemonStarted
from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Exit,
    Identity,
    Online,
    Process,
    Run,
    Starting,
    Stopping,
)
from pmdaemon.engine.interfaces import Clock, ProcessTrees


def take_over(
    processes: Sequence[Process],
    *,
    token: Callable[[Process], str],
    trees: ProcessTrees,
    clock: Clock,
    exits: Mapping[Identity, Exit],
    rebooted: bool,
    launched: Mapping[str, Identity] = MappingProxyType({}),
    expected: Callable[[Identity], bool] = lambda _: False,
) -> list[tuple[int, DaemonStarted]]:
    """Find out what of each process is still running, and word it as an event.

    A run is known again by pid and start time. A program that was spawned in the instant before
    the former daemon died, or while the store failed, is in no record; it is known by its token.

    Args:
        exits: how those ended that ended while no daemon was there.
        launched: programs by token, of which the keeper was told; they may have ended by now.
        expected: whether the keeper is about to tell how a program ended. Then it is taken over as
            if it went on: whoever watches it will learn that.

    """
    now = clock.now()
    if rebooted:
        return [(one.pm_id, DaemonStarted(now, None, rebooted=True)) for one in processes]
    started = trees.find_launched([token(p) for p in processes if p.state == Starting()])

    def run_of(process: Process) -> Run | None:
        match process.state:
            case Online(run) | Stopping(run) | Starting(Run() as run):
                return run if trees.alive(run.identity) or expected(run.identity) else None
            case Starting():
                identity = started.get(token(process)) or launched.get(token(process))
                return Run(identity, now) if identity is not None else None
            case _:
                return None

    def exit_of(process: Process) -> Exit:
        return exits.get(process.run.identity, UNKNOWN_EXIT) if process.run else UNKNOWN_EXIT

    unrecorded = _latest_launches(launched)

    def event_of(process: Process) -> DaemonStarted:
        owner, _ = token_parts(token(process))
        launch, identity = unrecorded.get(owner, (0, None))
        if launch > process.launch and identity is not None and trees.alive(identity):
            return DaemonStarted(now, Run(identity, now), rebooted=False, launch=launch)
        return DaemonStarted(now, run_of(process), rebooted=False, exit=exit_of(process))

    return [(one.pm_id, event_of(one)) for one in processes]


def _latest_launches(launched: Mapping[str, Identity]) -> Mapping[str, tuple[int, Identity]]:
    """List the latest program of each process, and by which launch of it."""
    latest: dict[str, tuple[int, Identity]] = {}
    for token, identity in launched.items():
        owner, launch = token_parts(token)
        if launch > latest.get(owner, (0, None))[0]:
            latest[owner] = launch, identity
    return latest

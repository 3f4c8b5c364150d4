"""Two processes of one instance: how a reload leaves no gap.

While an instance is reloaded there is a second process beside it, the *replacement*. It goes the
ordinary way up: spawned, and ready when it is. Then, in one step, the two exchange their runs. The
process that users know keeps its pm_id and its counters and goes on with the new run; the other one
has the former run, is wanted no more, and goes the ordinary way down.

A replacement that does not come up is ERRORED with the reason, and the former run never knew of it.

Its pm_id is below zero, so that it takes none of those that users see. The runs of the two are told
apart by their lineage, which goes over with the run: what a former run of one lineage has left
behind ends with the next one of it, and a lineage that serves on is nobody's leftover.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from pmdaemon.core.effects import Effect, Forget
from pmdaemon.core.moves import leave
from pmdaemon.core.process import Cause, Instant, Online, Process, Starting, Wish
from pmdaemon.core.spec import AppSpec


def twin_id(pm_id: int) -> int:
    """Say which pm_id the replacement of a process has; it works both ways."""
    return -1 - pm_id


def replacement(old: Process, spec: AppSpec, tcp_port: int | None, now: Instant) -> Process:
    """Make the process that is to take the place of `old`, declared as `spec`."""
    lineage = old.epoch + 1
    return Process(
        pm_id=twin_id(old.pm_id),
        instance=old.instance,
        spec=spec,
        created=now,
        epoch=lineage,
        tcp_port=tcp_port,
        replaces=old.pm_id,
        lineage=lineage,
    )


def may_exchange(old: Process, new: Process) -> bool:
    """Whether the replacement is good, and its time has come."""
    if new.replaces != old.pm_id or new.wish is not Wish.UP or old.wish is not Wish.UP:
        return False
    # Of a program that is just being spawned, the answer is on its way to the one that asked.
    return isinstance(new.state, Online) and old.state != Starting()


def exchange(
    old: Process, new: Process
) -> tuple[tuple[Process, Sequence[Effect]], tuple[Process, Sequence[Effect]]]:
    """Let the two exchange their runs; return each as it is then, with what there is to do."""
    carries_on = replace(
        old,
        spec=new.spec,
        state=new.state,
        epoch=max(old.epoch, new.epoch) + 1,
        launch=new.launch,
        lineage=new.lineage,
        tcp_port=new.tcp_port,
        restarts=old.restarts + 1,
        ends=(),
        last_exit=None,
        last_cause=Cause.REPLACED,
        started=new.started,
    )
    leaving = replace(
        new,
        spec=old.spec,
        wish=Wish.GONE,
        state=old.state,
        epoch=carries_on.epoch,
        launch=old.launch,
        lineage=old.lineage,
        tcp_port=old.tcp_port if old.tcp_port != new.tcp_port else None,
        started=old.started,
    )
    if old.run is None:
        return (carries_on, []), (leaving, [Forget(leaving.pm_id)])
    return (carries_on, []), leave(leaving, old.run)

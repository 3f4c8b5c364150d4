"""Bringing up what is declared anew without a gap."""

from collections.abc import Sequence

from msgspec.structs import replace

from pmdaemon.core.process import Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.processes import Processes, Reloaded


async def start_or_reload(processes: Processes, specs: Sequence[AppSpec]) -> Reloaded:
    """Start what is not up, and reload what is, each as it is declared now.

    Raises:
        ReloadFailed: a new run was not good enough; what was not reloaded yet stays as it is.
        PmdaemonError: what is declared cannot be had.

    """
    declared = {spec.name: spec for spec in specs}
    counts: dict[str, int] = {}
    for process in processes.known:
        if process.wish is Wish.UP and process.name in declared:
            counts[process.name] = counts.get(process.name, 0) + 1
    if others := [spec for spec in specs if spec.name not in counts]:
        await processes.start_apps(others, existing="restart")
    restarted: Sequence[str] = ()
    if counts:
        reloaded = await processes.reload(
            [Selector(name, narrow=True) for name in counts],
            # How many there are comes after: what serves is replaced one for one.
            change=lambda spec: replace(declared[spec.name], instances=spec.instances),
        )
        restarted = reloaded.restarted
    for name, count in counts.items():
        if count != declared[name].instances:
            await processes.scale(name, str(declared[name].instances))
    left = processes.list([Selector(name, narrow=True) for name in declared])
    return Reloaded(left, restarted)

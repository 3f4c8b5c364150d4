"""Which processes an action is about."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pmdaemon.core import graph
from pmdaemon.core.errors import ProcessBlocked
from pmdaemon.core.lifecycle_events import DeleteRequested, Event, StartRequested
from pmdaemon.core.process import Errored, Process, Wish
from pmdaemon.core.replacement import twin_id
from pmdaemon.core.selectors import Selector, select
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.outcomes import has_ended
from pmdaemon.engine.supervisor import Ledger


def seen(processes: Mapping[int, Process]) -> list[Process]:
    """List those that users see: during a reload an instance has two, and is one."""
    return [process for process in processes.values() if process.replaces is None]


def wanted(processes: Mapping[int, Process]) -> list[Process]:
    """List those that nobody has asked to forget."""
    return [process for process in seen(processes) if process.wish is not Wish.GONE]


def by_name(processes: Iterable[Process]) -> dict[str, list[Process]]:
    """List processes by the name of their app."""
    found: dict[str, list[Process]] = {}
    for process in processes:
        found.setdefault(process.name, []).append(process)
    return found


def others(spec: AppSpec, processes: Iterable[Process]) -> Iterator[Process]:
    """Find the processes of other apps, when somebody asks: few apps need to know them."""
    return (process for process in processes if process.name != spec.name)


def startable(
    selectors: Sequence[Selector],
) -> Callable[[Sequence[Process]], Sequence[Process]]:
    """Choose what is meant by name, or, by `all`, whatever is not blocked and no job at rest.

    What is blocked and meant by name is refused.
    """

    def choose(processes: Sequence[Process]) -> Sequence[Process]:
        chosen = select(selectors, processes)
        if any(selector.text != "all" for selector in selectors):
            refuse_blocked(chosen)
            return chosen
        return [
            one
            for one in chosen
            if one.wish is not Wish.BLOCKED and (one.spec.job is None or not has_ended(one))
        ]

    return choose


def with_twins(ledger: Ledger, events: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """Have what a reload set beside these processes ended, and waited for, too."""
    twins = [twin_id(pm_id) for pm_id, _ in events if twin_id(pm_id) in ledger.processes]
    return [*((pm_id, DeleteRequested()) for pm_id in twins), *events]


def refuse_blocked(chosen: Iterable[Process]) -> None:
    """Refuse what somebody has blocked.

    Raises:
        ProcessBlocked: one is.

    """
    for process in chosen:
        if process.wish is Wish.BLOCKED:
            raise ProcessBlocked(process.name)


def needed_by(chosen: Sequence[Process], there: Sequence[Process]) -> list[tuple[int, Event]]:
    """Say what is to be started besides, because these depend on it and it is down."""
    needs = graph.graph_of(one.spec for one in there)
    names = graph.needs_of(needs, {one.name for one in chosen if one.spec.depends_on})
    needed = [one for one in there if one.name in names and _is_to_be_started(one)]
    refuse_blocked(needed)
    return [(one.pm_id, StartRequested()) for one in needed]


def needed_by_none(chosen: Sequence[Process]) -> Sequence[Process]:
    """List those that none of the others needs; of a ring, which nobody can declare, all."""
    needed = {one.name for process in chosen for one in process.spec.depends_on}
    return [process for process in chosen if process.name not in needed] or chosen


def _is_to_be_started(process: Process) -> bool:
    # What has done what it had to do stays done: a dependency may be on just that.
    return process.wish is not Wish.UP or isinstance(process.state, Errored)

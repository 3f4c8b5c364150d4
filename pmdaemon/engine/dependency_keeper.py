"""Lets those go that wait for others, when these are there, or says that they will not be."""

from collections.abc import Callable, Collection, Mapping, Sequence

from pmdaemon.core.dependencies import Standing, standing, why_not
from pmdaemon.core.health import Health
from pmdaemon.core.lifecycle_events import DependenciesMet, DependencyFailed, Event
from pmdaemon.core.notices import HealthChecked, Notice, ProcessChanged
from pmdaemon.core.process import Process, Stopped, Wish
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.selection import by_name, wanted
from pmdaemon.engine.supervisor import Supervisor


class DependencyKeeper:
    """Looks at whoever waits for an app, each time that something of this app has changed.

    `health_of` gives what is known of the health of all processes, by pm_id.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        supervisor: Supervisor,
        health_of: Callable[[], Mapping[int, Health]],
        post: Callable[[int, Event], None],
    ) -> None:
        self._bus = bus
        self._supervisor = supervisor
        self._health_of = health_of
        self._post = post
        self._held: dict[int, Sequence[str]] = {}
        self._waiting: dict[str, set[int]] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Look after all who wait, now and from now on."""
        self._unsubscribe = self._bus.subscribe(self._on_notice, ProcessChanged, HealthChecked)
        for process in self._supervisor.processes.values():
            self._note(process.pm_id, process)
        self._look([*self._held])

    def stop(self) -> None:
        """Let nobody go any more."""
        self._unsubscribe()
        self._held.clear()
        self._waiting.clear()

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before, after):
                known = after or before
                if known is not None:
                    self._note(known.pm_id, after)
                    concerned = {known.pm_id} & self._held.keys()
                    self._look(concerned | self._waiting.get(known.name, set()))
            case HealthChecked(process):
                self._look(self._waiting.get(process.name, ()))
            case _:
                pass

    def _note(self, pm_id: int, process: Process | None) -> None:
        """Know whether a process waits, and for which apps."""
        self._let_go(pm_id)
        if (
            process is not None
            and process.spec.depends_on
            and process.wish is Wish.UP
            and isinstance(process.state, Stopped)
        ):
            self._held[pm_id] = [needed.name for needed in process.spec.depends_on]
            for name in self._held[pm_id]:
                self._waiting.setdefault(name, set()).add(pm_id)

    def _let_go(self, pm_id: int) -> None:
        for name in self._held.pop(pm_id, ()):
            self._waiting[name].discard(pm_id)
            if not self._waiting[name]:
                del self._waiting[name]

    def _look(self, pm_ids: Collection[int]) -> None:
        if not pm_ids:
            return  # as nearly always: hardly a change concerns anybody who waits
        health, there = self._health_of(), by_name(wanted(self._supervisor.processes))
        for pm_id in sorted(pm_ids):
            process = self._supervisor.processes.get(pm_id)
            verdict = _verdict(process, there, health) if process is not None else None
            if verdict is not None:
                self._let_go(pm_id)
                self._post(pm_id, verdict)


def _verdict(
    process: Process, there: Mapping[str, Sequence[Process]], health: Mapping[int, Health]
) -> Event | None:
    found = [
        (standing(needed, processes, health), needed, processes)
        for needed in process.spec.depends_on
        for processes in [there.get(needed.name, ())]
    ]
    for stands, needed, processes in found:
        if stands is Standing.FAILED:
            return DependencyFailed(f"it needs {why_not(needed, processes)}")
    met = all(stands is Standing.MET for stands, _, _ in found)
    return DependenciesMet() if met else None

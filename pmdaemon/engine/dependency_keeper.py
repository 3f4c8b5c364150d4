"""Lets those go that wait for others, when these are there, or says that they will not be."""

from collections.abc import Callable, Mapping, Sequence

from pmdaemon.core.dependencies import Standing, standing, why_not
from pmdaemon.core.health import Health
from pmdaemon.core.lifecycle_events import DependenciesMet, DependencyFailed, Event
from pmdaemon.core.notices import HealthChecked, Notice, ProcessChanged
from pmdaemon.core.process import Process, Stopped, Wish
from pmdaemon.core.spec import Dependency
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.supervisor import Supervisor


class DependencyKeeper:
    """Looks at whoever waits, each time that something it may wait for has changed.

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
        self._held: set[int] = set()
        self._leave: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Look after all who wait, now and from now on."""
        self._leave = self._bus.subscribe(self._heed, ProcessChanged, HealthChecked)
        for process in self._supervisor.processes.values():
            self._note(process.pm_id, process)
        self._look()

    def stop(self) -> None:
        """Let nobody go any more."""
        self._leave()
        self._held.clear()

    def _heed(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before, after):
                known = after or before
                if known is not None:
                    self._note(known.pm_id, after)
                self._look()
            case HealthChecked():
                self._look()
            case _:
                pass

    def _note(self, pm_id: int, process: Process | None) -> None:
        if (
            process is not None
            and process.spec.depends_on
            and process.wish is Wish.UP
            and isinstance(process.state, Stopped)
        ):
            self._held.add(pm_id)
        else:
            self._held.discard(pm_id)

    def _look(self) -> None:
        for pm_id in sorted(self._held):
            process = self._supervisor.processes.get(pm_id)
            verdict = self._verdict(process) if process is not None else None
            if verdict is not None:
                self._held.discard(pm_id)
                self._post(pm_id, verdict)

    def _verdict(self, process: Process) -> Event | None:
        health = self._health_of()
        found = [
            (standing(needed, processes, health), needed, processes)
            for needed in process.spec.depends_on
            for processes in [self._of(needed)]
        ]
        for stands, needed, processes in found:
            if stands is Standing.FAILED:
                return DependencyFailed(f"it needs {why_not(needed, processes)}")
        met = all(stands is Standing.MET for stands, _, _ in found)
        return DependenciesMet() if met else None

    def _of(self, needed: Dependency) -> Sequence[Process]:
        everybody = self._supervisor.processes.values()
        return [one for one in everybody if one.name == needed.name and one.wish is not Wish.GONE]

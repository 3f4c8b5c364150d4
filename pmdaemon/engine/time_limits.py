"""Tells when the run of a job takes longer than it may."""

from collections.abc import Callable

from pmdaemon.core.lifecycle_events import Event, TimeExceeded
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import Process, Run, Stopping
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Cancellable, Clock
from pmdaemon.engine.supervisor import Supervisor


class TimeLimits:
    """Keeps a timer for each run that has a limit."""

    def __init__(
        self, *, clock: Clock, bus: Bus, supervisor: Supervisor, post: Callable[[int, Event], None]
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._supervisor = supervisor
        self._post = post
        self._running: dict[int, tuple[Run, float, Cancellable]] = {}
        self._leave: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Limit what runs, and whatever is begun from now on."""
        self._leave = self._bus.subscribe(self._heed, ProcessChanged)
        for process in self._supervisor.processes.values():
            self._see(process)

    def stop(self) -> None:
        """Limit nothing any more."""
        self._leave()
        for pm_id in tuple(self._running):
            self._let_go(pm_id)

    def _heed(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(after=Process() as process):
                self._see(process)
            case ProcessChanged(before=Process(pm_id=pm_id)):
                self._let_go(pm_id)
            case _:
                pass

    def _see(self, process: Process) -> None:
        job, pm_id = process.spec.job, process.pm_id
        run = process.run if not isinstance(process.state, Stopping) else None
        limit = job.timeout if job is not None else 0.0
        known = self._running.get(pm_id)
        if known is not None and known[:2] == (run, limit):
            return
        self._let_go(pm_id)
        if run is None or not limit:
            return
        left = run.since.monotonic + limit - self._clock.now().monotonic
        timer = self._clock.call_later(
            max(0.0, left), lambda: self._post(pm_id, TimeExceeded(run.identity))
        )
        self._running[pm_id] = run, limit, timer

    def _let_go(self, pm_id: int) -> None:
        if (known := self._running.pop(pm_id, None)) is not None:
            known[2].cancel()

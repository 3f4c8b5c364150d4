"""Tells when the run of a program has lasted as long as it may, or when its schedule ends it.

Both follow from when the run began. So nothing of it is kept: a daemon that takes a run over knows
as much as the one before, and ends at once what should have ended meanwhile.
"""

from collections.abc import Callable
from datetime import tzinfo

from pmdaemon.core.lifecycle_events import EndFellDue, Event, TimeExceeded
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import Process, Run, Stopping
from pmdaemon.core.schedule import next_due, time_limit
from pmdaemon.core.spec import Schedule
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.cron_runner import LONGEST_SLEEP
from pmdaemon.engine.interfaces import Cancellable, Clock
from pmdaemon.engine.supervisor import Supervisor

Bounds = tuple[Run, float, Schedule | None]
"""A run, the seconds that it may last, and the schedule that ends it."""


class TimeLimits:
    """Keeps a timer for each run that has an end; `zone` is for schedules that name none."""

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        supervisor: Supervisor,
        post: Callable[[int, Event], None],
        zone: Callable[[], tzinfo],
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._supervisor = supervisor
        self._post = post
        self._zone = zone
        self._running: dict[int, tuple[Bounds, Cancellable]] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Limit what runs, and whatever is begun from now on."""
        self._unsubscribe = self._bus.subscribe(self._on_notice, ProcessChanged)
        for process in self._supervisor.processes.values():
            self._see(process)

    def stop(self) -> None:
        """Limit nothing any more."""
        self._unsubscribe()
        for pm_id in tuple(self._running):
            self._let_go(pm_id)

    def ends_at(self, process: Process) -> float | None:
        """Say when the schedule of a program ends its run, in seconds since the epoch."""
        if process.run is None or process.spec.cron_stop is None:
            return None
        return next_due(process.spec.cron_stop, process.run.since.wall, self._zone())

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(after=Process() as process):
                self._see(process)
            case ProcessChanged(before=Process(pm_id=pm_id)):
                self._let_go(pm_id)
            case _:
                pass

    def _see(self, process: Process) -> None:
        bounds = _bounds(process)
        known = self._running.get(process.pm_id)
        if known is not None and known[0] == bounds:
            return
        self._let_go(process.pm_id)
        if bounds is not None:
            self._look(process, bounds)

    def _look(self, process: Process, bounds: Bounds) -> None:
        """End a run whose time is up, and look again when it is."""
        self._running.pop(process.pm_id, None)
        run, limit, _ = bounds
        now = self._clock.now()
        ends: list[tuple[float, Event]] = []
        if limit:
            left = run.since.monotonic + limit - now.monotonic
            ends.append((left, TimeExceeded(run.identity)))
        if (end := self.ends_at(process)) is not None:
            ends.append((end - now.wall, EndFellDue(run.identity)))
        for left, event in ends:
            if left <= 0:
                self._post(process.pm_id, event)
        later = [left for left, _ in ends if left > 0]
        if later:
            # The clock on the wall may be set meanwhile.
            wait = min(*later, LONGEST_SLEEP)
            timer = self._clock.call_later(wait, lambda: self._look(process, bounds))
            self._running[process.pm_id] = bounds, timer

    def _let_go(self, pm_id: int) -> None:
        if (known := self._running.pop(pm_id, None)) is not None:
            known[1].cancel()


def _bounds(process: Process) -> Bounds | None:
    """Say what ends a run that nothing has ended yet, if anything does."""
    spec, run = process.spec, process.run
    if run is None or isinstance(process.state, Stopping):
        return None
    limit = time_limit(spec)
    return (run, limit, spec.cron_stop) if limit or spec.cron_stop is not None else None

"""Tells processes when their schedule falls due.

What was heeded is kept with the process, in the same transaction as what came of it. So a daemon
that takes over finds what fell due since: it makes up for it once, however often it was, and
nothing is done twice.
"""

from collections.abc import Callable
from datetime import tzinfo

from pmdaemon.core.lifecycle_events import Event, FellDue
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import Process, Wish
from pmdaemon.core.schedule import heeded_until, latest_due, next_due, schedule_of
from pmdaemon.core.spec import Schedule
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Cancellable, Clock
from pmdaemon.engine.supervisor import Supervisor

LONGEST_SLEEP = 60.0
"""Seconds until the clock on the wall is looked at again: it may have been set meanwhile."""


class CronRunner:
    """Keeps for each scheduled process when it is due next, and one timer for all.

    `zone` is the time zone of schedules that name none.
    """

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
        self._due: dict[int, tuple[Schedule, float | None]] = {}
        self._timer: Cancellable | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Make up for what was missed, and heed schedules from now on."""
        self._unsubscribe = self._bus.subscribe(self._on_notice, ProcessChanged)
        for process in self._supervisor.processes.values():
            self._see(process)
        self._look()

    def stop(self) -> None:
        """Trigger nothing any more."""
        self._unsubscribe()
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()

    def next_due(self, pm_id: int) -> float | None:
        """Say when a process is due next, in seconds since the epoch, if it ever is."""
        _, due = self._due.get(pm_id, (None, None))
        return due

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(after=Process() as process):
                if self._see(process):
                    self._set_timer()
            case ProcessChanged(before=Process(pm_id=pm_id)):
                self._due.pop(pm_id, None)
            case _:
                pass

    def _see(self, process: Process) -> bool:
        """Take in a process; tell whether that changed when something is due."""
        schedule = schedule_of(process)
        if schedule is None or process.wish is Wish.GONE:
            return self._due.pop(process.pm_id, None) is not None
        known, _ = self._due.get(process.pm_id, (None, None))
        if known == schedule:
            return False
        heeded = heeded_until(process, self._clock.now().wall)
        self._due[process.pm_id] = schedule, next_due(schedule, heeded, self._zone())
        return True

    def _look(self) -> None:
        now = self._clock.now()
        for pm_id, (schedule, due) in tuple(self._due.items()):
            if due is None or due > now.wall:
                continue
            # Of all that was missed, once is enough, and the latest is the one that counts.
            latest = max(due, latest_due(schedule, now.wall, self._zone()) or due)
            self._due[pm_id] = schedule, next_due(schedule, latest, self._zone())
            self._post(pm_id, FellDue(latest, now))
        self._forget_what_a_wrong_clock_said(now.wall)
        self._set_timer()

    def _forget_what_a_wrong_clock_said(self, now: float) -> None:
        for pm_id, (schedule, due) in tuple(self._due.items()):
            process = self._supervisor.processes.get(pm_id)
            if due is not None and process is not None and heeded_until(process, now) == now:
                self._due[pm_id] = schedule, next_due(schedule, now, self._zone())

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        times = [due for _, due in self._due.values() if due is not None]
        if times:
            seconds = max(0.0, min(times) - self._clock.now().wall)
            self._timer = self._clock.call_later(min(seconds, LONGEST_SLEEP), self._look)

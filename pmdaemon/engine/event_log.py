"""Remembers what happened to processes lately, and tells it."""

from collections import deque
from collections.abc import Sequence

from pmdaemon.core.events import EventKind, ProcessEvent, health_event
from pmdaemon.core.notices import EventLogged, HealthChecked, Notice, ProcessChanged
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock

KEPT = 1000
"""Events that are remembered, of all processes together."""


class EventLog:
    """Makes events of changes, numbers them from 1, and publishes each as `EventLogged`.

    It lives as long as the daemon: `life` tells the numbers of one daemon from those of another.
    """

    def __init__(self, *, clock: Clock, bus: Bus, kept: int = KEPT) -> None:
        self._clock = clock
        self._bus = bus
        self._events: deque[EventLogged] = deque(maxlen=kept)
        self._number = 0
        self.life = int(clock.now().wall * 1000)
        bus.subscribe(self._on_notice, ProcessChanged, HealthChecked)

    @property
    def latest(self) -> int:
        """The number of the latest event, 0 before the first."""
        return self._number

    def since(self, number: int) -> tuple[Sequence[EventLogged], bool]:
        """List what came after an event; and tell whether nothing of it has been forgotten."""
        events = [one for one in self._events if one.number > number]
        return events, len(events) == self._number - number

    def of(self, pm_id: int) -> Sequence[EventLogged]:
        """List what is remembered of a process, oldest first.

        A number is given anew when its process was deleted; what happened to that one is left out.
        """
        events: list[EventLogged] = []
        for one in self._events:
            if one.event.pm_id == pm_id:
                if one.event.kind is EventKind.ADDED:
                    events.clear()
                events.append(one)
        return events

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged():
                self._tell(notice.events)
            case HealthChecked(process, before_it, since):
                event = health_event(process, before_it, since)
                self._tell([event] if event is not None else [])
            case _:
                pass

    def _tell(self, events: Sequence[ProcessEvent]) -> None:
        for event in events:
            self._number += 1
            logged = EventLogged(self._number, self._clock.now(), event)
            self._events.append(logged)
            self._bus.publish(logged)

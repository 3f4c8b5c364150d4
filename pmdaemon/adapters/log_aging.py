"""Letting go of output that is too old: one timer for all files, set to when the next is due."""

from math import inf
from typing import Final

from pmdaemon.adapters.log_writer import LogWriter
from pmdaemon.engine.interfaces import Cancellable, Clock

LONGEST_WAIT: Final = 86400.0
"""Seconds; the clock on the wall may be set, and the machine may sleep."""

SHORTEST_WAIT: Final = 1.0
"""Seconds; what is added is first looked at then, all together, when programs have begun."""


class Aging:
    """Looks at each file when something in it gets too old, and not before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[LogWriter, float] = {}
        self._timer: Cancellable | None = None
        self._next = inf

    def __contains__(self, writer: LogWriter) -> bool:
        return writer in self._due

    def add(self, writer: LogWriter) -> None:
        """Let go of what is too old, soon and from now on; again after a change of policy."""
        if writer.policy.max_age <= 0:
            self._due[writer] = inf
            return
        now = self._clock.now().wall
        self._due[writer] = now
        if now + SHORTEST_WAIT < self._next:
            self._wait()

    def remove(self, writer: LogWriter) -> None:
        """Leave a file alone; once there is none, there is no timer either."""
        self._due.pop(writer, None)
        if not self._due:
            self._cancel()

    def _look(self) -> None:
        self._timer = None
        now = self._clock.now().wall
        for writer, due in self._due.items():
            # A clock that was set back must not make files stay for so much longer.
            if due <= now or due - now > writer.policy.max_age:
                self._due[writer] = writer.age(now)
        self._wait()

    def _wait(self) -> None:
        self._cancel()
        due = min(self._due.values(), default=inf)
        if due < inf:
            wait = due - self._clock.now().wall
            wait = min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)
            self._next = self._clock.now().wall + wait
            self._timer = self._clock.call_later(wait, self._look)

    def _cancel(self) -> None:
        self._next = inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

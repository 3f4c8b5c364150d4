"""A clock that is moved by hand."""

from collections.abc import Callable

from pmdaemon.core.process import Instant


class FakeTimer:
    """One thing to be done, until it is cancelled."""

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Make it not happen."""
        self.cancelled = True


class FakeClock:
    """Stands still until `advance` is called, which runs what falls due, in order."""

    def __init__(self, *, wall: float = 1_700_000_000.0, monotonic: float = 1000.0) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._timers: list[FakeTimer] = []

    def now(self) -> Instant:
        """Read both clocks."""
        return Instant(wall=self._wall, monotonic=self._monotonic)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> FakeTimer:
        """Call `callback` once, when the clock has been moved by `seconds`."""
        timer = FakeTimer(self._monotonic + max(0.0, seconds), callback)
        self._timers.append(timer)
        return timer

    @property
    def pending(self) -> int:
        """How many timers are going to run."""
        return sum(not timer.cancelled for timer in self._timers)

    def advance(self, seconds: float) -> None:
        """Move both clocks; each timer sees the time it was due at."""
        end = self._monotonic + seconds
        while (timer := self._next(end)) is not None:
            self._timers.remove(timer)
            self._move_to(timer.due)
            timer.callback()
        self._move_to(end)

    def jump_wall(self, seconds: float) -> None:
        """Set the clock on the wall, as an administrator or NTP does; nothing falls due by it."""
        self._wall += seconds

    def _next(self, end: float) -> FakeTimer | None:
        self._timers = [timer for timer in self._timers if not timer.cancelled]
        due = [timer for timer in self._timers if timer.due <= end]
        return min(due, key=lambda timer: timer.due, default=None)

    def _move_to(self, monotonic: float) -> None:
        self._wall += monotonic - self._monotonic
        self._monotonic = monotonic

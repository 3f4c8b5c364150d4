"""One stream on its way from the FIFO to the file, at a pace that suits both sides.

The loop wakes us for what comes after a silence. A program that goes on writing would wake us for
each of its lines, so when two come close together we look again after a pause, chosen so that the
FIFO is about half full by then: one look takes many lines, and the program never waits for us. A
program that fills it in less than the shortest pause is served at each turn of the loop. A look
that finds nothing is the next silence.
"""

from collections.abc import Callable
from enum import Enum, auto
from math import inf
from typing import Final

from pmdaemon.adapters.fifos import Capacities
from pmdaemon.adapters.log_writer import LogWriter
from pmdaemon.adapters.wakeups import Wakeups
from pmdaemon.engine.interfaces import Cancellable, Clock

LONGEST_PAUSE: Final = 0.01
"""Seconds that output may wait in the FIFO: nobody who watches it notices."""

SHORTEST_PAUSE: Final = 0.001
"""Seconds that the loop can tell from none: epoll counts in milliseconds."""

RUSH_MEASURED: Final = 0.1
"""Seconds of a rush over which its rate is measured."""

TURN: Final = 1024 * 1024
"""Bytes moved at a time, so that one program cannot keep the others, and us, waiting."""

RETRY: Final = 5.0
"""Seconds until we try again to say what was lost, where no output comes to try with."""


class Flow(Enum):
    """How output comes, and so what makes us look."""

    SILENCE = auto()
    """None comes, or a line now and then; the loop wakes us for each."""

    STREAM = auto()
    """It comes at a rate we can tell; we look after a pause."""

    RUSH = auto()
    """It comes faster than that; the loop wakes us at each turn, and a timer to measure."""


class Pump:
    """Moves what comes out of one FIFO into one file; `on_moved` is called after each move."""

    def __init__(
        self,
        fifo: int,
        writer: LogWriter,
        clock: Clock,
        *,
        capacities: Capacities,
        wakeups: Wakeups,
        on_moved: Callable[[], None],
    ) -> None:
        self.writer = writer
        self._fifo = fifo
        self._clock = clock
        self._capacities = capacities
        self._on_moved = on_moved
        self._wakeups = wakeups
        self._flow = Flow.SILENCE
        self._timer: Cancellable | None = None
        self._pause = LONGEST_PAUSE
        self._since = -inf  # when the pause, or the rush, began, or the last output in a silence
        self._moved = 0  # bytes since then
        capacities.add(fifo)
        wakeups.add(fifo, self._woken)

    def stop(self) -> None:
        """Move nothing more; what waits in the FIFO stays there."""
        self._wakeups.remove(self._fifo)
        self._cancel_timer()
        self._capacities.remove(self._fifo)
        self.writer.rest()

    def drain(self) -> None:
        """Move all that was written so far."""
        # It holds no more than this. What comes while we move is for later: it may never end.
        held = self._capacities.of(self._fifo)
        moved = 0
        while moved < held and (taken := self.writer.take(self._fifo, TURN)):
            moved += taken
        self._moved += moved
        if self._flow is Flow.SILENCE:
            self.writer.rest()
        if moved:
            self._on_moved()

    def _woken(self) -> None:
        """Something is there."""
        moved = self.writer.take(self._fifo, TURN)
        if not moved:
            return
        if self._flow is Flow.SILENCE:
            self._break_silence()
        else:
            self._moved += moved
        self._on_moved()

    def _break_silence(self) -> None:
        now = self._clock.now().monotonic
        if now - self._since < LONGEST_PAUSE:
            self._look_after(LONGEST_PAUSE, Flow.STREAM)
        else:
            self._since = now
            self.writer.rest()
            self._say_later_what_was_lost()

    def _looked(self) -> None:
        """The pause, or the time to measure, is over."""
        taken = self.writer.take(self._fifo, TURN)
        moved = self._moved + taken
        if not moved:
            self._fall_silent()
            return
        elapsed = self._clock.now().monotonic - self._since
        self._go_on(moved, elapsed / moved)
        if taken:
            self._on_moved()

    def _go_on(self, moved: int, seconds_a_byte: float) -> None:
        """Look again when the FIFO will be half full, as fast as output comes now."""
        was_full = self._flow is Flow.STREAM and moved >= self._half() * 7 // 4
        if was_full or seconds_a_byte * self._half() < LONGEST_PAUSE:
            self._capacities.busy(self._fifo)
        pause = min(seconds_a_byte * self._half(), LONGEST_PAUSE)
        if was_full:
            # The program had to wait, so it is faster than what we measured.
            pause = min(pause, self._pause / 2)
        if pause >= SHORTEST_PAUSE:
            self._look_after(pause, Flow.STREAM)
        elif self._flow is Flow.STREAM and not (was_full and self._pause <= SHORTEST_PAUSE):
            self._look_after(SHORTEST_PAUSE, Flow.STREAM)
        else:
            self._look_after(RUSH_MEASURED, Flow.RUSH)

    def _half(self) -> float:
        return self._capacities.of(self._fifo) / 2

    def _look_after(self, seconds: float, flow: Flow) -> None:
        self._change_to(flow)
        self._pause = seconds
        self._since = self._clock.now().monotonic
        self._moved = 0
        self._cancel_timer()
        self._timer = self._clock.call_later(seconds, self._looked)

    def _fall_silent(self) -> None:
        self._change_to(Flow.SILENCE)
        self._capacities.quiet(self._fifo)
        self.writer.rest()
        self._say_later_what_was_lost()

    def _change_to(self, flow: Flow) -> None:
        if (flow is Flow.STREAM) != (self._flow is Flow.STREAM):
            if flow is Flow.STREAM:
                self._wakeups.remove(self._fifo)
            else:
                self._wakeups.add(self._fifo, self._woken)
        self._flow = flow

    def _say_later_what_was_lost(self) -> None:
        self._cancel_timer()
        if self.writer.owes_word:
            self._timer = self._clock.call_later(RETRY, self._say_what_was_lost)

    def _say_what_was_lost(self) -> None:
        self.writer.make()
        self._say_later_what_was_lost()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

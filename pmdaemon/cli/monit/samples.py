"""What was measured of late, of each process."""

from collections import deque
from collections.abc import Iterable, Sequence

from pmdaemon.client.calls import Processes

KEPT = 240
"""Samples of each process that are kept: more than a wide terminal can show."""


class Samples:
    """The latest readings of cpu (percent of a core) and memory (bytes)."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._cpu: dict[int, deque[float]] = {}
        self._memory: dict[int, deque[float]] = {}

    def add(self, views: Processes) -> None:
        """Take in a reading of all processes; those that are gone are forgotten."""
        for view in views:
            up = view["pid"] is not None
            self._of(self._cpu, view["pm_id"]).append(view["cpu"] if up else 0.0)
            self._of(self._memory, view["pm_id"]).append(view["memory"] if up else 0)
        self._forget_all_but({view["pm_id"] for view in views})

    def cpu(self, pm_id: int) -> Sequence[float]:
        """Return the readings of cpu, the oldest first."""
        return self._cpu.get(pm_id, ())

    def memory(self, pm_id: int) -> Sequence[float]:
        """Return the readings of memory, the oldest first."""
        return self._memory.get(pm_id, ())

    def _of(self, series: dict[int, deque[float]], pm_id: int) -> deque[float]:
        return series.setdefault(pm_id, deque(maxlen=self._kept))

    def _forget_all_but(self, there: Iterable[int]) -> None:
        for series in (self._cpu, self._memory):
            for pm_id in series.keys() - there:
                del series[pm_id]

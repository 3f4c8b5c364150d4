"""What was measured, and how it is put into words."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


def percentile(samples: Sequence[float], percent: float) -> float:
    """Interpolate between the two nearest samples."""
    ordered = sorted(samples)
    position = (len(ordered) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured on both sides.

    `target` is the ratio ours / theirs that the project promises: at most that, or at least when
    `more_is_better`. `limit` and `floor` are promises in the unit itself: at most, and at least.
    """

    what: str
    unit: str
    ours: Sequence[float] = field(default_factory=list)
    theirs: Sequence[float] = field(default_factory=list)
    target: float | None = None
    limit: float | None = None
    floor: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours to theirs, by the medians."""
        if not self.ours or not self.theirs or not statistics.median(self.theirs):
            return None
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def promise(self) -> str:
        """What is promised, and whether it was kept this time."""
        if self.target is not None and self.ratio is not None:
            kept = self.ratio >= self.target if self.more_is_better else self.ratio <= self.target
            sign = "≥" if self.more_is_better else "≤"
            return f"{sign} {self.target:g}x {'kept' if kept else 'missed'}"
        if self.limit is not None and self.ours:
            kept = statistics.median(self.ours) <= self.limit
            return f"≤ {self.limit:g} {self.unit} {'kept' if kept else 'missed'}"
        if self.floor is not None and self.ours:
            kept = statistics.median(self.ours) >= self.floor
            return f"≥ {self.floor:g} {self.unit} {'kept' if kept else 'missed'}"
        return ""

    def row(self) -> str:
        """Word it as a row of a Markdown table."""
        ratio = f"{self.ratio:.2f}x" if self.ratio is not None else ""
        cells = [self.what, self._side(self.ours), self._side(self.theirs), ratio, self.promise]
        return f"| {' | '.join(cells)} |"

    def _side(self, samples: Sequence[float]) -> str:
        if not samples:
            return "-"
        median = f"{_short(statistics.median(samples))} {self.unit}"
        if len(samples) == 1:
            return median
        low, high = percentile(samples, 10), percentile(samples, 90)
        return f"{median} ({_short(low)}-{_short(high)}, n={len(samples)})"


HEADER = "| measure | pmdaemon | PM2 | ratio | promise |\n|---|---|---|---|---|"


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"

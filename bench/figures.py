"""What was measured, and how it is put into words."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

OURS, THEIRS = "pmdaemon", "PM2"

NEXT_TO_NOTHING = 0.005
"""What is shown as 0.00, and nothing can be compared with."""


def percentile(samples: Sequence[float], percent: float) -> float:
    """Interpolate between the two nearest samples."""
    ordered = sorted(samples)
    position = (len(ordered) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


class Figure(Struct, frozen=True):
    """One thing measured, on our side, on PM2's, and where it is the same work, on that of others.

    `target` is the ratio ours / theirs that the project promises: at most that, or at least when
    `more_is_better`. `limit` and `floor` are promises in the unit itself: at most, and at least.
    `others` are samples by name.
    """

    what: str
    unit: str
    ours: Sequence[float] = ()
    theirs: Sequence[float] = ()
    target: float | None = None
    limit: float | None = None
    floor: float | None = None
    more_is_better: bool = False
    others: Mapping[str, Sequence[float]] = {}

    @property
    def sides(self) -> Mapping[str, Sequence[float]]:
        """All samples, by whose they are; who was not measured is not there."""
        found = {OURS: self.ours, THEIRS: self.theirs, **self.others}
        return {name: samples for name, samples in found.items() if samples}

    @property
    def ratio(self) -> float | None:
        """Ours to theirs, by the medians; None where theirs is next to nothing."""
        if not self.ours or not self.theirs or statistics.median(self.theirs) < NEXT_TO_NOTHING:
            return None
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def promise(self) -> str:
        """What is promised, and whether it was kept this time."""
        median = statistics.median(self.ours) if self.ours else None
        for bound, value, unit, at_least in (
            (self.target, self.ratio, "x", self.more_is_better),
            (self.limit, median, f" {self.unit}", False),
            (self.floor, median, f" {self.unit}", True),
        ):
            if bound is not None and value is not None:
                kept = value >= bound if at_least else value <= bound
                return f"{'≥' if at_least else '≤'} {bound:g}{unit} {'kept' if kept else 'missed'}"
        return ""

    def row(self, names: Sequence[str]) -> str:
        """Word it as a row of a Markdown table, with a column for each of these names."""
        ratio = f"{self.ratio:.2f}x" if self.ratio is not None else ""
        sides = [self._side(self.sides.get(name, ())) for name in names]
        return f"| {' | '.join([self.what, *sides, ratio, self.promise])} |"

    def _side(self, samples: Sequence[float]) -> str:
        if not samples:
            return "-"
        median = f"{short(statistics.median(samples))} {self.unit}".strip()
        if len(samples) == 1:
            return median
        low, high = percentile(samples, 10), percentile(samples, 90)
        return f"{median} ({short(low)}-{short(high)}, n={len(samples)})"


def table(figures: Iterable[Figure]) -> str:
    """Word figures as a Markdown table, with a column for everybody who was measured."""
    figures = [*figures]
    names = [*dict.fromkeys([OURS, THEIRS, *(name for one in figures for name in one.sides)])]
    titles = ["measure", *names, "to PM2", "promise"]
    header = f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"
    return "\n".join([header, *(figure.row(names) for figure in figures)])


def to_builtins(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Make something of figures that JSON can hold."""
    rounded: list[dict[str, Any]] = msgspec.to_builtins(figures)
    return rounded


def from_builtins(figures: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Read figures as they were written down."""
    return msgspec.convert(figures, list[Figure])


def short(value: float) -> str:
    """Word a number by its three most telling digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"

"""Plots of figures as SVG, drawn by hand: bars beside each other, and lines that grow.

Colours are told by a style sheet within, which heeds whether the reader likes it dark.
"""

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from bench.figures import Figure, short

WIDTH = 760
ROW, GAP, LABEL = 16, 14, 250
PLOT_HEIGHT = 220

STYLE = """\
<style>
 text { font: 12px system-ui, sans-serif; fill: #1f2328; }
 .title { font-weight: 600; font-size: 14px; }
 .axis { stroke: #8c959f; stroke-width: 1; }
 .promise { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 3 2; }
 .c0 { fill: #0969da; stroke: #0969da; } .c1 { fill: #bf8700; stroke: #bf8700; }
 .c2 { fill: #8250df; stroke: #8250df; } .c3 { fill: #1a7f37; stroke: #1a7f37; }
 .c4 { fill: #57606a; stroke: #57606a; } .line { fill: none; stroke-width: 2; }
 @media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .promise { stroke: #ff7b72; }
  .c0 { fill: #58a6ff; stroke: #58a6ff; } .c1 { fill: #d29922; stroke: #d29922; }
  .c2 { fill: #bc8cff; stroke: #bc8cff; } .c3 { fill: #3fb950; stroke: #3fb950; }
  .c4 { fill: #8b949e; stroke: #8b949e; } .line { fill: none; }
 }
</style>"""

COLOURS = ("pmdaemon", "PM2", "supervisor", "circus", "runit")

_GROWTH = re.compile(r"growth: (.+), ([0-9,]+) processes")

COMPARED = (
    "list of 20 processes",
    "first start, daemon included",
    "start of 200 from one file",
    "start of 1,000 from one file",
    "memory (PSS) with 100 idle processes",
    "memory (PSS) with 1,000 idle processes",
    "crash to next start",
)
"""What is drawn for everybody who was measured."""


class Drawn(NamedTuple):
    """A plot, and what it shows."""

    title: str
    svg: str


def draw(figures: Sequence[Figure]) -> Mapping[str, Drawn]:
    """Draw what there are figures for, by the name of the file."""
    found: dict[str, Drawn] = {}
    if compared := [one for one in figures if one.what in COMPARED and one.ours]:
        found["bench-managers.svg"] = _bars("Less is better", compared)
    if ratios := [one for one in figures if one.ratio is not None and one.target is not None]:
        found["bench-promises.svg"] = _ratios("pmdaemon to PM2, and what is promised", ratios)
    growing = _growing(figures)
    if growing:
        found["bench-growth.svg"] = _lines("From 10 to 2,000 processes", growing)
    return found


def _bars(title: str, figures: Sequence[Figure]) -> Drawn:
    """Draw a group of bars for each figure, each to a scale of its own."""
    parts: list[str] = []
    y = 40
    for figure in figures:
        medians = {name: statistics.median(samples) for name, samples in figure.sides.items()}
        longest = max(medians.values())
        parts.append(f'<text x="0" y="{y + 12}">{escape(figure.what)}</text>')
        for name, median in medians.items():
            width = max(1.0, (WIDTH - LABEL - 170) * median / longest)
            parts.append(f'<rect class="{_colour(name)}" x="{LABEL}" y="{y}" {_size(width)}/>')
            words = f"{name} {short(median)} {figure.unit}"
            parts.append(f'<text x="{LABEL + width + 6:.0f}" y="{y + 12}">{escape(words)}</text>')
            y += ROW
        y += GAP
    return _svg(title, y, parts)


def _ratios(title: str, figures: Sequence[Figure]) -> Drawn:
    """Draw how each figure compares, on a scale on which twice and half are as far away."""
    span = 5.0  # to 1/32 and 32 times
    middle, half = LABEL + (WIDTH - LABEL) / 2, (WIDTH - LABEL) / 2 - 60

    def x_of(ratio: float) -> float:
        return middle + half * max(-span, min(span, math.log2(ratio))) / span

    parts: list[str] = []
    y = 40
    for figure in figures:
        ratio, target = figure.ratio or 1.0, figure.target or 1.0
        left, right = sorted((middle, x_of(ratio)))
        at = f"{x_of(target):.1f}"
        parts += [
            f'<text x="0" y="{y + 12}">{escape(figure.what)}</text>',
            f'<rect class="c0" x="{left:.1f}" y="{y}" {_size(max(1.0, right - left))}/>',
            f'<line class="promise" x1="{at}" x2="{at}" y1="{y - 3}" y2="{y + ROW}"/>',
            f'<text x="{WIDTH - 50}" y="{y + 12}">{ratio:.2f}x</text>',
        ]
        y += ROW + 6
    axis = f'<line class="axis" x1="{middle}" x2="{middle}" y1="34" y2="{y}"/>'
    return _svg(title, y, [*parts, axis])


def _growing(figures: Sequence[Figure]) -> Mapping[str, Mapping[str, list[tuple[int, float]]]]:
    """Sort figures of growth by what grows and whose it is, each as points."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for figure in figures:
        if match := _GROWTH.fullmatch(figure.what):
            size = int(match[2].replace(",", ""))
            lines = found.setdefault(f"{match[1]} ({figure.unit})", {})
            for name, samples in figure.sides.items():
                lines.setdefault(name, []).append((size, statistics.median(samples)))
    return found


def _lines(title: str, growing: Mapping[str, Mapping[str, list[tuple[int, float]]]]) -> Drawn:
    """Draw a small plot for each thing that grows, two in a row."""
    parts: list[str] = []
    width, height = WIDTH // 2 - 40, PLOT_HEIGHT - 70
    for index, (what, lines) in enumerate(growing.items()):
        left = 50 + (index % 2) * WIDTH // 2
        top = 60 + (index // 2) * PLOT_HEIGHT
        points = [point for line in lines.values() for point in line]
        most_x, most_y = max(x for x, _ in points), max(y for _, y in points) or 1.0
        bottom = top + height
        parts += [
            f'<text x="{left}" y="{top - 8}">{escape(what)}</text>',
            f'<path class="axis" fill="none" d="M{left},{top} V{bottom} H{left + width - 60}"/>',
            f'<text x="{left - 6}" y="{top + 10}" text-anchor="end">{short(most_y)}</text>',
            f'<text x="{left + width - 60}" y="{bottom + 16}" text-anchor="end">{most_x:,}</text>',
        ]
        for name, line in lines.items():
            along = " ".join(
                f"{left + (width - 60) * x / most_x:.1f},{bottom - height * y / most_y:.1f}"
                for x, y in line
            )
            end_x, end_y = (float(each) for each in along.split()[-1].split(","))
            parts += [
                f'<polyline class="{_colour(name)} line" points="{along}"/>',
                f'<text x="{end_x + 4:.0f}" y="{end_y + 4:.0f}">{escape(name)}</text>',
            ]
    rows = math.ceil(len(growing) / 2)
    return _svg(title, 40 + rows * PLOT_HEIGHT, parts)


def _svg(title: str, height: float, parts: Sequence[str]) -> Drawn:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"'
        f' width="{WIDTH}" height="{height:.0f}" role="img" aria-label="{escape(title)}">'
    )
    words = f'<text class="title" x="0" y="18">{escape(title)}</text>'
    return Drawn(title, "\n".join([head, STYLE, words, *parts, "</svg>", ""]))


def _size(width: float) -> str:
    return f'width="{width:.1f}" height="{ROW - 3}"'


def _colour(name: str) -> str:
    return f"c{COLOURS.index(name)}" if name in COLOURS else "c4"

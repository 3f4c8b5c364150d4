"""Drawing a table that fits the terminal and never wraps.

Where there is not enough room, the flexible column is cut to what can still be read; then whole
columns are left out, in the order of their rank; then it is cut further.
"""

from collections.abc import Sequence

from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import fit, width

READABLE = 16
"""Columns that the flexible column keeps as long as there are others to leave out."""

NARROWEST = 6
"""Columns that it keeps however narrow the terminal."""

_LINES = {
    True: (("┌", "┬", "┐"), ("├", "┼", "┤"), ("└", "┴", "┘"), "─", "│"),
    False: (("+", "+", "+"), ("+", "+", "+"), ("+", "+", "+"), "-", "|"),
}


class Column:
    """A column of a table: `cells` are texts, `colours` what to paint them in.

    The title is ours, and of characters of one column each.

    With a `rank` the column may be left out, the highest rank first.
    """

    __slots__ = ("cells", "colours", "flexible", "rank", "right", "title", "width")

    def __init__(
        self,
        title: str,
        cells: Sequence[str],
        *,
        right: bool = False,
        rank: int = 0,
        flexible: bool = False,
        colours: Sequence[str | None] = (),
    ) -> None:
        self.title = title
        self.cells = cells
        self.right = right
        self.rank = rank
        self.flexible = flexible
        self.colours = colours
        self.width = max(len(title), *map(width, cells), 0)


def draw(columns: Sequence[Column], terminal: Terminal) -> str:
    """Draw the table, without a line end after the last line."""
    shown = _fitting(columns, terminal.columns)
    top, middle, bottom, level, upright = _LINES[terminal.unicode]
    bars = [level * (column.width + 2) for column in shown]
    titles = [_aligned(column, column.title, len(column.title)) for column in shown]
    return "\n".join(
        [
            _rule(top, bars),
            _row(titles, upright),
            _rule(middle, bars),
            *(
                _row([_cell(column, row, terminal) for column in shown], upright)
                for row in range(len(shown[0].cells))
            ),
            _rule(bottom, bars),
        ]
    )


def _rule(corners: tuple[str, str, str], bars: Sequence[str]) -> str:
    left, joint, right = corners
    return left + joint.join(bars) + right


def _cell(column: Column, row: int, terminal: Terminal) -> str:
    ellipsis = "…" if terminal.unicode else "~"
    text = fit(column.cells[row], column.width, ellipsis=ellipsis)
    text = _aligned(column, text, width(text))
    return terminal.paint(text, column.colours[row] if column.colours else None)


def _row(cells: Sequence[str], upright: str) -> str:
    return f"{upright} " + f" {upright} ".join(cells) + f" {upright}"


def _aligned(column: Column, text: str, size: int) -> str:
    gap = " " * (column.width - size)
    return gap + text if column.right else text + gap


def _fitting(columns: Sequence[Column], room: int) -> list[Column]:
    shown = list(columns)
    flexible = next(column for column in columns if column.flexible)
    natural = flexible.width
    if _needed(shown) > room:
        flexible.width = min(natural, READABLE)
    while _needed(shown) > room and any(each.rank for each in shown):
        shown.remove(max(shown, key=lambda each: each.rank))
    left = room - (_needed(shown) - flexible.width)
    flexible.width = min(natural, max(NARROWEST, left))
    return shown


def _needed(columns: Sequence[Column]) -> int:
    return sum(each.width + 3 for each in columns) + 1

"""The table of processes, one of which is chosen."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text
from textual.widgets import DataTable

from pmdaemon.cli.render.processes import COLOURS, View, by_name, status_word
from pmdaemon.cli.render.text import fit, harmless
from pmdaemon.control.messages.processes import ProcessView
from pmdaemon.core.quantities import format_size, format_uptime

WIDE = 100
"""Columns of a terminal from which on there is room for all we know."""

NAME_WIDTH = 24
NARROWEST_NAME = 8
"""Columns of a name, where there is room and where there is none."""


class _Column(NamedTuple):
    title: str
    width: int
    right: bool = False
    wide: bool = False
    """Whether it is shown where there is room only."""


_COLUMNS = (
    _Column("id", 3, right=True),
    _Column("name", NAME_WIDTH),
    _Column("namespace", 12, wide=True),
    _Column("pid", 8, right=True, wide=True),
    _Column("status", 15),
    _Column("cpu", 6, right=True),
    _Column("mem", 9, right=True),
    _Column("↺", 3, right=True),
    _Column("up", 4, right=True),
)


class ProcessTable(DataTable[Text]):
    """Shows processes, and keeps the chosen one chosen while others come and go."""

    DEFAULT_CSS = """
    ProcessTable { height: auto; max-height: 45%; min-height: 3; }
    """

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, cell_padding=1)
        self._views: dict[int, ProcessView] = {}
        self._shown: tuple[list[_Column], tuple[int, ...]] | None = None

    @property
    def chosen(self) -> ProcessView | None:
        """The process that the cursor is on."""
        if not self.row_count or not self.is_valid_row_index(self.cursor_row):
            return None
        key = self.coordinate_to_cell_key((self.cursor_row, 0)).row_key.value  # type: ignore[arg-type] # a pair is a coordinate
        return self._views.get(int(key or -1))

    def show(self, views: Sequence[ProcessView]) -> None:
        """Show these processes, in the order of their names."""
        rows = by_name(views)
        ids = tuple(view["pm_id"] for view in rows)
        before = self.chosen
        self._views = {view["pm_id"]: view for view in views}
        columns = _columns(self.app.size.width)
        if (columns, ids) != self._shown:
            self._shown = (columns, ids)
            self.clear(columns=True)
            for column in columns:
                self.add_column(_cell(column, column.title), width=column.width, key=column.title)
            for view in rows:
                self.add_row(*_cells(columns, view), key=str(view["pm_id"]))
            if before is not None and before["pm_id"] in ids:
                self.move_cursor(row=ids.index(before["pm_id"]), animate=False)
            return
        for view in rows:
            for column, cell in zip(columns, _cells(columns, view), strict=True):
                self.update_cell(str(view["pm_id"]), column.title, cell)


def _columns(room: int) -> list[_Column]:
    """Choose columns, and the width of names, for a terminal of so many columns."""
    columns = [column for column in _COLUMNS if room >= WIDE or not column.wide]
    others = sum(column.width + 2 for column in columns if column.title != "name") + 2
    if others + NARROWEST_NAME + 2 > room:
        # Cut in two, 27m would read as 2.
        others -= columns.pop().width + 2
    width = max(NARROWEST_NAME, min(NAME_WIDTH, room - others - 2))
    return [one._replace(width=width) if one.title == "name" else one for one in columns]


def _cells(columns: Sequence[_Column], view: View) -> list[Text]:
    up = view["pid"] is not None
    words = {
        "id": str(view["pm_id"]),
        "name": view["called"],
        "namespace": view["namespace"],
        "pid": str(view["pid"] or "-"),
        "status": status_word(view["state"]),
        "cpu": f"{view['cpu']:.1f}%" if up else "-",
        "mem": format_size(view["memory"]) if up else "-",
        "↺": str(view["restarts"]),
        "up": format_uptime(view["uptime"]) if view["uptime"] else "-",
    }
    return [_cell(column, words[column.title], _style(column.title, view)) for column in columns]


def _cell(column: _Column, words: str, style: str = "") -> Text:
    text = fit(harmless(words), column.width)
    return Text(text, style=style, justify="right" if column.right else "left")


def _style(title: str, view: View) -> str:
    if title == "status":
        return COLOURS.get(view["state"], "")
    return "bold" if title == "name" else ""

"""What is known of the chosen process: its curves, and a few facts."""

import signal
from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from pmdaemon.cli.render.details import measured
from pmdaemon.cli.render.graphs import graph
from pmdaemon.cli.render.processes import COLOURS, status_word
from pmdaemon.cli.render.text import harmless
from pmdaemon.control.messages.processes import ExitView, ProcessView
from pmdaemon.core.quantities import format_size, format_uptime_long

CURVE_ROWS = 3
SMALL_CURVE_ROWS = 1
"""Rows of a curve, and where there are few."""

ROOMY = 16
"""Rows of the panel from which on curves are drawn high."""

LEAST_CPU = 10.0
LEAST_MEMORY = 1024 * 1024.0
"""What the curves show at their top at the least: percent of a core, and bytes."""


class Details(VerticalScroll):
    """A panel beside the output."""

    can_focus = False

    DEFAULT_CSS = """
    Details { width: 34; border: round $primary; border-title-color: $text; padding: 0 1; }
    """

    def __init__(self, *, unicode: bool = True) -> None:
        super().__init__()
        self._unicode = unicode
        self._text = Static(markup=False)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self._text

    def show(
        self,
        view: ProcessView | None,
        cpu: Sequence[float],
        memory: Sequence[float],
        metrics: Mapping[str, object] = {},
    ) -> None:
        """Show a process, with what it measures itself, or that there is none."""
        if view is None:
            self.border_title = ""
            self._text.update("")
            return
        self.border_title = _title(harmless(view["called"]))
        columns = max(10, self.size.width - 2)
        rows = CURVE_ROWS if self.size.height >= ROOMY else SMALL_CURVE_ROWS
        text = Text(no_wrap=True, overflow="ellipsis")
        for title, now, values, least, style in (
            ("cpu", f"{view['cpu']:.1f}%", cpu, LEAST_CPU, "cyan"),
            ("memory", format_size(view["memory"]), memory, LEAST_MEMORY, "magenta"),
        ):
            shown = now if view["pid"] is not None else "-"
            text.append(f"{title:<8}", "bold").append(f"{shown}\n")
            for line in graph(
                values, columns=columns, rows=rows, least_top=least, unicode=self._unicode
            ):
                text.append(f"{line}\n", style)
        for name, value, style in _facts(view):
            text.append(f"{name:<10}", "dim").append(f"{harmless(value)}\n", style)
        for name, metric in metrics.items():
            text.append(f"{harmless(name)}  ", "dim").append(f"{harmless(measured(metric))}\n")
        self._text.update(text)


def _facts(view: ProcessView) -> list[tuple[str, str, str]]:
    facts = [
        ("status", status_word(view["state"]), COLOURS.get(view["state"], "")),
        ("uptime", format_uptime_long(view["uptime"]) if view["uptime"] else "-", ""),
        ("restarts", str(view["restarts"]), ""),
        ("pid", str(view["pid"] or "-"), ""),
        ("namespace", view["namespace"], ""),
        ("script", view["script"], ""),
    ]
    if view["tcp_port"]:
        facts.append(("port", str(view["tcp_port"]), ""))
    if view["last_exit"] is not None:
        facts.append(("last end", _worded(view["last_exit"]), ""))
    if view["reason"]:
        facts.append(("reason", view["reason"], "red"))
    return facts


def _worded(ended: ExitView) -> str:
    if ended["code"] is not None:
        return f"exit code {ended['code']}"
    if ended["signal"] is None:
        return "nobody saw it"
    try:
        return signal.Signals(ended["signal"]).name
    except ValueError:
        return f"signal {ended['signal']}"


def _title(name: str) -> str:
    # Brackets in a title are markup.
    return name.replace("[", r"\[")

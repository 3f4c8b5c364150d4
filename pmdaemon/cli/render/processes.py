"""The table of processes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pmdaemon.cli.render.table import Column, draw
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless
from pmdaemon.core.quantities import format_size, format_uptime

View = Mapping[str, Any]
"""A process, as the daemon words it."""

STATUS_WORDS = {
    "stopped": "stopped",
    "starting": "launching",
    "online": "online",
    "stopping": "stopping",
    "backoff": "waiting restart",
    "exited": "exited",
    "errored": "errored",
}
"""Each state as people read it; `exited` is the one that is more than PM2 says."""

COLOURS = {
    "online": "green",
    "starting": "cyan",
    "stopping": "yellow",
    "backoff": "yellow",
    "stopped": "red",
    "exited": "dim",
    "errored": "red",
}


def process_table(rows: Sequence[View], terminal: Terminal) -> str:
    """Draw the list, in the order that it has."""

    def column(title: str, cell: Callable[[View], str], **how: Any) -> Column:  # noqa: ANN401 - handed on
        return Column(title, [harmless(cell(view)) for view in rows], **how)

    columns = [
        column("id", lambda view: str(view["pm_id"]), right=True),
        column("name", lambda view: view["called"], flexible=True, colours=["bold"] * len(rows)),
        column("namespace", lambda view: view["namespace"], rank=6),
        column("pid", lambda view: str(view["pid"] or "-"), right=True, rank=5),
        column("uptime", _uptime, right=True, rank=3),
        column(
            "↺" if terminal.unicode else "restarts",
            lambda view: str(view["restarts"]),
            right=True,
            rank=4,
        ),
        column(
            "status",
            lambda view: status_word(view["state"]),
            colours=[COLOURS.get(view["state"]) for view in rows],
        ),
        column("cpu", _cpu, right=True, rank=1),
        column("mem", _memory, right=True, rank=2),
    ]
    if any(view["tcp_port"] for view in rows):
        columns.append(
            column("port", lambda view: str(view["tcp_port"] or "-"), right=True, rank=7)
        )
    return draw(columns, terminal)


def by_name(views: Sequence[View]) -> list[View]:
    """Put processes in the order of names and instances."""
    return sorted(views, key=lambda view: (view["name"], view["instance"], view["pm_id"]))


def status_word(state: str) -> str:
    """Word a state for people; one that a newer daemon knows stays as it is."""
    return STATUS_WORDS.get(state, harmless(state))


def _uptime(view: View) -> str:
    return format_uptime(view["uptime"]) if view["uptime"] else "-"


def _cpu(view: View) -> str:
    return f"{view['cpu']:.1f}%" if view["pid"] else "-"


def _memory(view: View) -> str:
    # 0 means that it was started just now, and not measured yet.
    return format_size(view["memory"]) if view["pid"] and view["memory"] else "-"

"""The table of processes."""

from collections.abc import Sequence
from typing import Any

from pmdaemon.cli.render.table import Column, draw
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless
from pmdaemon.core.quantities import format_size, format_uptime

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

_COLOURS = {
    "online": "green",
    "starting": "cyan",
    "stopping": "yellow",
    "backoff": "yellow",
    "stopped": "red",
    "exited": "dim",
    "errored": "red",
}


def process_table(views: Sequence[dict[str, Any]], terminal: Terminal) -> str:
    """Draw the list, in the order of names and instances."""
    rows = sorted(views, key=lambda view: (view["name"], view["instance"], view["pm_id"]))
    up = [view["pid"] is not None for view in rows]

    def cells(key: str) -> list[str]:
        return [harmless(str(view[key])) for view in rows]

    columns = [
        Column("id", cells("pm_id"), right=True),
        Column("name", cells("name"), flexible=True, colours=["bold"] * len(rows)),
        Column("namespace", cells("namespace"), rank=6),
        Column(
            "pid", [str(view["pid"]) if view["pid"] else "-" for view in rows], right=True, rank=5
        ),
        Column("uptime", [_uptime(view) for view in rows], right=True, rank=3),
        Column("↺" if terminal.unicode else "restarts", cells("restarts"), right=True, rank=4),
        Column(
            "status",
            [status_word(view["state"]) for view in rows],
            colours=[_COLOURS.get(view["state"]) for view in rows],
        ),
        Column("cpu", [f"{view['cpu']:.1f}%" for view in rows], right=True, rank=1),
        Column(
            "mem",
            [
                format_size(view["memory"]) if alive and view["memory"] else "-"
                for view, alive in zip(rows, up, strict=True)
            ],
            right=True,
            rank=2,
        ),
    ]
    if any(view["tcp_port"] for view in rows):
        ports = [str(view["tcp_port"] or "-") for view in rows]
        columns.append(Column("port", ports, right=True, rank=7))
    return draw(columns, terminal)


def status_word(state: str) -> str:
    """Word a state for people; one that a newer daemon knows stays as it is."""
    return STATUS_WORDS.get(state, harmless(state))


def _uptime(view: dict[str, Any]) -> str:
    return format_uptime(view["uptime"]) if view["uptime"] else "-"

"""The table of the runs of jobs."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.cli.render.table import Column, draw
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless
from pmdaemon.core.quantities import format_size

_COLOURS = {
    "succeeded": "green",
    "running": "cyan",
    "skipped": "dim",
    "replaced": "yellow",
    "stopped": "yellow",
}
"""All other ends are red."""

Run = Mapping[str, Any]


def runs_table(runs: Sequence[Run], terminal: Terminal) -> str:
    """Draw runs, in the order given."""
    columns = [
        Column("job", [harmless(run["app"]) for run in runs], flexible=True),
        Column("began", [_moment(run["began"]) for run in runs]),
        Column("why", ["due" if run["due"] is not None else "asked" for run in runs], rank=2),
        Column("took", [_took(run) for run in runs], right=True, rank=1),
        Column(
            "outcome",
            [harmless(run["outcome"]) for run in runs],
            colours=[_COLOURS.get(run["outcome"], "red") for run in runs],
        ),
        Column("exit", [_exit(run) for run in runs], right=True),
        Column("output", [_output(run) for run in runs], right=True, rank=3),
    ]
    return draw(columns, terminal)


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _took(run: Run) -> str:
    if run["ended"] is None or run["outcome"] == "skipped":
        return "-"
    seconds = max(0.0, run["ended"] - run["began"])
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes}m" if hours else f"{minutes}m {rest}s"


def _exit(run: Run) -> str:
    match run["exit"]:
        case {"code": int(code)}:
            return str(code)
        case {"signal": int(signal)}:
            return f"signal {signal}"
        case _:
            return "-"


def _output(run: Run) -> str:
    if run["outcome"] == "skipped":
        return "-"
    sizes = [
        run[stream]["end"] - run[stream]["start"]
        for stream in ("out", "err")
        if run[stream]["end"] is not None
    ]
    return format_size(sum(sizes)) if sizes and min(sizes) >= 0 else "-"

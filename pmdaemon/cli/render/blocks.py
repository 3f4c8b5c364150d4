"""The list as blocks of lines, as PM2 has it for terminals that are too small for a table."""

from collections.abc import Sequence

from pmdaemon.cli.render.processes import View, status_word
from pmdaemon.cli.render.text import harmless
from pmdaemon.core.quantities import format_size, format_uptime


def process_blocks(views: Sequence[View]) -> str:
    """Write a block for each process, under PM2's keys."""
    return "\n\n".join(map(_block, views))


def _block(view: View) -> str:
    rows = {
        "namespace": view["namespace"],
        "pid": str(view["pid"] or "N/A"),
        "pm2 id": str(view["pm_id"]),
        "status": status_word(view["state"]),
        "restarted": str(view["restarts"]),
        "uptime": format_uptime(view["uptime"]) if view["uptime"] else "0",
        "memory usage": format_size(view["memory"]),
        "error log": view["error_file"] or "-",
    }
    lines = [f"+--- {harmless(view['called'])}"]
    lines += [f"{key} : {harmless(value)}" for key, value in rows.items()]
    return "\n".join(lines)

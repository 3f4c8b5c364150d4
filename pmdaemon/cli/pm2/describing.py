"""PM2's `describe`: everything about processes, in tables."""

import time
from collections.abc import Sequence

from pmdaemon.cli.listing import entries_of
from pmdaemon.cli.pm2.places import own_file
from pmdaemon.cli.pm2.session import Session
from pmdaemon.cli.pm2.table import uptime
from pmdaemon.cli.render.details import measured
from pmdaemon.cli.render.text import harmless, width
from pmdaemon.core.errors import ProcessNotFound


def describe(session: Session) -> int:
    """Draw everything about processes, a table each."""
    selector = session.only_one()
    try:
        views = session.client.list(selector, detail=True)
    except ProcessNotFound:
        session.words.warn(f"{selector} doesn't exist")
        return 1
    entries = {entry["pm_id"]: entry["pm2_env"] for entry in entries_of(session.context)}
    for view in views:
        env = entries[view["pm_id"]]
        rows = {
            "status": env["status"],
            "name": view["name"],
            "namespace": view["namespace"],
            "version": env["version"],
            "restarts": str(view["restarts"]),
            "uptime": uptime(view),
            "max memory restart": env.get("max_memory_restart"),
            "cron restart": env.get("cron_restart"),
            "script path": env["pm_exec_path"],
            "entire log path": env.get("pm_log_path"),
            "script args": " ".join(env.get("args", [])) or "N/A",
            "error log path": own_file(view, "error_file") or env["pm_err_log_path"],
            "out log path": own_file(view, "out_file") or env["pm_out_log_path"],
            "pid path": env["pm_pid_path"],
            "interpreter": env["exec_interpreter"],
            "interpreter args": " ".join(env["node_args"]) or "N/A",
            "script id": str(view["pm_id"]),
            "exec cwd": env["pm_cwd"],
            "exec mode": env["exec_mode"],
            "node.js version": env.get("node_version", "N/A"),
            "node env": env["env"].get("NODE_ENV", "N/A"),
            "watch & reload": "✔" if env["watch"] else "✘",
            "unstable restarts": str(env["unstable_restarts"]),
            "created at": _iso(view["created"]),
        }
        shown = {name: str(value) for name, value in rows.items() if value is not None}
        say = session.words.plain
        say(f" Describing process with id {view['pm_id']} - name {harmless(view['name'])} ")
        say(_table([[name, value] for name, value in shown.items()]))
        if env["axm_actions"]:
            say(" Actions available ")
            say(_table([[str(one["action_name"])] for one in env["axm_actions"]]))
            say(f" Trigger via: pm2 trigger {harmless(view['name'])} <action_name>")
        if env["axm_monitor"]:
            say(" Code metrics value ")
            say(_table([[name, measured(one)] for name, one in env["axm_monitor"].items()]))
    return 0


_CORNERS = (("┌", "┬", "┐"), ("└", "┴", "┘"))


def _table(rows: Sequence[Sequence[str]]) -> str:
    texts = [[harmless(cell) for cell in row] for row in rows]
    broad = [max(map(width, column)) for column in zip(*texts, strict=True)]
    filled = [
        [cell + " " * (size - width(cell)) for cell, size in zip(row, broad, strict=True)]
        for row in texts
    ]
    lines = [f"│ {' │ '.join(row)} │" for row in filled]
    top, end = (a + b.join("─" * (size + 2) for size in broad) + c for a, b, c in _CORNERS)
    return "\n".join([top, *lines, end])


def _iso(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"

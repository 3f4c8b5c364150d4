"""Apps from entries in PM2's shape: those of a `dump.pm2`, of ours or of PM2, or of its daemon."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]

_SHELLS = frozenset({"bash", "sh", "cmd"})

_PM2_VARIABLES = ("PM2_", "pm_", "axm_", "unique_id", "NODE_APP_INSTANCE", "NODE_CHANNEL_", "km_")
"""Beginnings of variables that PM2 sets, which would tell the program that it still runs there."""

_NOT_VARIABLES = frozenset({"status", "exit_code", "restart_time", "instances"})

_FIELDS = (
    "namespace", "autostart", "autorestart", "max_restarts", "min_uptime", "restart_delay",
    "exp_backoff_restart_delay", "stop_exit_codes", "kill_timeout", "listen_timeout", "wait_ready",
    "shutdown_with_message", "treekill", "max_memory_restart", "cron_restart", "watch",
    "ignore_watch", "watch_delay", "instance_var", "increment_var", "log_date_format", "log_type",
    "disable_logs", "uid", "gid",
)  # fmt: skip
"""What PM2's entries and ecosystem files call by the same name; durations are in milliseconds."""

_EARLIER_FIELDS = (
    "script", "args", "interpreter", "interpreter_args", "port", "stop_signal", "log_max_size",
    "log_keep", "log_max_age", "log_compress", "out_file", "error_file", "log_file", "merge_logs",
    "log_date_format", "log_type", "disable_logs",
)  # fmt: skip
"""What the first dumps of ours had under `pmdaemon`, where there is a declaration now."""


def declaration_of(entries: Sequence[Entry]) -> dict[str, Any] | None:
    """Return how the app of these instances was declared; None where only PM2's shape tells."""
    more = entries[0].get("pmdaemon")
    declaration = more.get("declaration") if isinstance(more, Mapping) else None
    if not isinstance(declaration, Mapping):
        return None
    return {**declaration, "name": entries[0].get("name"), "instances": len(entries)}


def app_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """Make the app, as an ecosystem file would have it, of the entries of its instances."""
    first = entries[0]
    more = first.get("pmdaemon")
    app: dict[str, Any] = {"name": first.get("name"), "cwd": first.get("pm_cwd")}
    app |= {name: first.get(name) for name in _FIELDS}
    app["instances"] = len(entries)
    variables = _texts(first.get("env"))
    if isinstance(more, Mapping):
        app |= {name: more.get(name) for name in _EARLIER_FIELDS}
        names = more.get("env")
        declared = names if isinstance(names, list | Mapping) else ()
        app["env"] = {name: value for name, value in variables.items() if name in declared}
        app["inherited_env"] = {
            name: value for name, value in variables.items() if name not in declared
        }
    else:
        app |= _program(first)
        app["exec_mode"] = "cluster" if first.get("exec_mode") == "cluster_mode" else "fork"
        app["inherited_env"] = {
            name: value for name, value in variables.items() if not _is_of_pm2(name, app)
        }
    return {name: value for name, value in app.items() if value is not None}


def by_name(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Put the instances of each app together, in the order in which they were saved."""
    apps: dict[str, list[Entry]] = {}
    for one in entries:
        apps.setdefault(str(one.get("name")), []).append(one)
    return apps


def was_up(one: Entry) -> bool:
    """Tell whether a process should be started when it is brought back."""
    return one.get("status") not in ("stopped", "stopping")  # no set: it may be a list


def _program(first: Entry) -> dict[str, Any]:
    """Tell what is run; PM2 runs a command line by a shell, and we need none."""
    path, args = first.get("pm_exec_path"), first.get("args")
    shell = str(path).rpartition("/")[2] in _SHELLS
    if shell and isinstance(args, list) and len(args) >= 2 and args[0] == "-c":
        return {"script": args[1], "args": args[2:] or None}
    interpreter = first.get("exec_interpreter")
    return {
        "script": path,
        "args": args,
        "interpreter": interpreter,
        "interpreter_args": first.get("node_args") or None,
    }


def _is_of_pm2(name: str, app: Mapping[str, Any]) -> bool:
    return name.startswith(_PM2_VARIABLES) or name in _NOT_VARIABLES or name == app["name"]


def _texts(variables: object) -> dict[str, str]:
    """Keep what is text: PM2 puts an object of its own among the variables."""
    if not isinstance(variables, Mapping):
        return {}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in variables.items()
        if isinstance(value, str | int | float)
    }

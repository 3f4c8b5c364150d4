"""Processes in the shape that PM2 gives them, in `jlist` and in `dump.pm2`, and back to apps.

A dump of ours has one key more, `pmdaemon`, with what PM2's shape has no place for. A dump of PM2
itself is read as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pmdaemon.core.logs import of_instance

STATUS = {
    "stopped": "stopped",
    "starting": "launching",
    "online": "online",
    "stopping": "stopping",
    "backoff": "waiting restart",
    "exited": "stopped",
    "errored": "errored",
}
"""PM2's word for each state."""

_FIELDS_OF_BOTH = (
    "namespace", "autorestart", "max_restarts", "min_uptime", "restart_delay", "stop_exit_codes",
    "kill_timeout", "max_memory_restart",
)  # fmt: skip
"""What an app and PM2's shape call by the same name; durations are in milliseconds."""

_MORE_FIELDS = (
    "script", "args", "interpreter", "interpreter_args", "port", "stop_signal", "log_max_size",
    "log_keep", "log_max_age", "log_compress", "out_file", "error_file", "log_file", "merge_logs",
    "log_date_format", "log_type", "disable_logs",
)  # fmt: skip

_PM2_VARIABLES = ("PM2_", "pm_", "axm_", "unique_id", "NODE_APP_INSTANCE")
"""Beginnings of variables that PM2 sets, which would tell the program that it still runs there."""


def entry(view: Mapping[str, Any]) -> dict[str, Any]:
    """Word one process, listed with detail, as `pm2 jlist` does."""
    return {
        "pid": view["pid"] or 0,
        "name": view["name"],
        # PM2 has every variable once more beside its own fields, and scripts look there.
        "pm2_env": {**_environment(view), **_pm2_env(view)},
        "pm_id": view["pm_id"],
        "monit": {
            "memory": view["memory"] if view["pid"] else 0,
            "cpu": round(view["cpu"], 1) if view["pid"] else 0,
        },
    }


def dumped(view: Mapping[str, Any]) -> dict[str, Any]:
    """Word one process, listed with detail, as it stands in `dump.pm2`."""
    declaration = view["declaration"]
    shape = _pm2_env(view)
    for name in ("pm_id", "instances"):
        # A process gets its id when it is brought back; instances are entries of their own.
        del shape[name]
    command, logs = declaration["command"], declaration["logs"]
    more = {
        "script": command["script"],
        "args": command["args"],
        "interpreter": command["interpreter"],
        "interpreter_args": command["interpreter_args"],
        "port": view["ports"],
        "stop_signal": declaration["stop"]["signal"],
        "log_max_size": logs["max_size"],
        "log_keep": logs["keep"],
        "log_max_age": _milliseconds(logs["max_age"]),
        "log_compress": logs["compress"],
        "out_file": logs["out_file"],
        "error_file": logs["error_file"],
        "log_file": logs["combined_file"],
        "merge_logs": logs["merge"] or None,
        "log_date_format": logs["date_format"],
        "log_type": "json" if logs["json"] else None,
        "disable_logs": logs["disabled"] or None,
    }
    return {**shape, "pmdaemon": {**more, "env": sorted(declaration["env"])}}


def app_of(dumps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Make the app, as an ecosystem file would have it, of the entries of its instances."""
    first = dumps[0]
    more = first.get("pmdaemon")
    app: dict[str, Any] = {"name": first.get("name"), "cwd": first.get("pm_cwd")}
    app |= {name: first.get(name) for name in _FIELDS_OF_BOTH}
    app["instances"] = len(dumps)
    variables = _texts(first.get("env"))
    if isinstance(more, Mapping):
        app |= {name: more.get(name) for name in _MORE_FIELDS}
        declared = set(more.get("env", ()))
        app["env"] = {name: value for name, value in variables.items() if name in declared}
        app["inherited_env"] = {
            name: value for name, value in variables.items() if name not in declared
        }
    else:
        app["script"] = first.get("pm_exec_path")
        app["args"] = first.get("args")
        app["interpreter"] = first.get("exec_interpreter")
        app["interpreter_args"] = first.get("node_args")
        app["inherited_env"] = {
            name: value for name, value in variables.items() if not name.startswith(_PM2_VARIABLES)
        }
    return {name: value for name, value in app.items() if value is not None}


def by_name(dumps: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Put the instances of each app together, in the order in which they were saved."""
    apps: dict[str, list[Mapping[str, Any]]] = {}
    for dump in dumps:
        apps.setdefault(str(dump.get("name")), []).append(dump)
    return apps


def was_up(dump: Mapping[str, Any]) -> bool:
    """Tell whether a process is to be started when it is brought back."""
    return dump.get("status") not in {"stopped", "stopping"}


def _pm2_env(view: Mapping[str, Any]) -> dict[str, Any]:
    declaration = view["declaration"]
    restart = declaration["restart"]
    path, interpreter, args = _program(view)
    shape = {
        "name": view["name"],
        "namespace": view["namespace"],
        "args": args,
        "env": _environment(view),
        "instances": declaration["instances"],
        "autorestart": restart["autorestart"],
        "watch": False,
        "treekill": True,
        "vizion": False,
        "NODE_APP_INSTANCE": view["instance"],
        "kill_timeout": _milliseconds(declaration["stop"]["grace"]),
        "restart_delay": _milliseconds(restart["restart_delay"]),
        "min_uptime": _milliseconds(restart["min_uptime"]),
        "max_restarts": restart["max_restarts"],
        "stop_exit_codes": restart["stop_exit_codes"],
        "max_memory_restart": declaration["max_memory"],
        "node_args": declaration["command"]["interpreter_args"],
        "pm_exec_path": path,
        "pm_cwd": declaration["cwd"],
        **_log_paths(view),
        "exec_interpreter": interpreter,
        "exec_mode": "fork_mode",
        "status": STATUS.get(view["state"], view["state"]),
        "pm_uptime": _milliseconds(view["started"] or view["created"]),
        "created_at": _milliseconds(view["created"]),
        "pm_id": view["pm_id"],
        "restart_time": view["restarts"],
        "unstable_restarts": 0,
        "exit_code": (view["last_exit"] or {}).get("code"),
        "version": "N/A",
    }
    return {name: value for name, value in shape.items() if value is not None}


def _program(view: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """Say which file runs, by which interpreter, with which arguments."""
    argv, cwd = view["declaration"]["command"]["argv"], view["declaration"]["cwd"]
    script = view["script"]
    path = script if script.startswith("/") else f"{cwd}/{script.removeprefix('./')}"
    if path in argv[1:]:
        return path, argv[0].rpartition("/")[2], argv[argv.index(path) + 1 :]
    return argv[0], "none", argv[1:]


def _environment(view: Mapping[str, Any]) -> dict[str, str]:
    declaration = view["declaration"]
    own = {"PORT": str(view["tcp_port"])} if view["tcp_port"] else {}
    return {**declaration["inherited_env"], **own, **declaration["env"]}


def _texts(variables: object) -> dict[str, str]:
    """Keep what is text: PM2 puts an object of its own among the variables."""
    if not isinstance(variables, Mapping):
        return {}
    return {name: value for name, value in variables.items() if isinstance(value, str)}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _log_paths(view: Mapping[str, Any]) -> dict[str, str]:
    """Say where output is to be found: in files of the user's own, if there are any."""
    logs = view["declaration"]["logs"]
    instance = 0 if logs["merge"] else view["instance"]
    own = {
        "pm_out_log_path": logs["out_file"],
        "pm_err_log_path": logs["error_file"],
        "pm_log_path": logs["combined_file"],
    }
    paths = {"pm_out_log_path": view["out_file"], "pm_err_log_path": view["error_file"]}
    return paths | {key: of_instance(path, instance) for key, path in own.items() if path}

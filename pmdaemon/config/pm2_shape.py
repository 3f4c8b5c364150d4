"""Processes in the shape that PM2 gives them, in `jlist` and in `dump.pm2`.

As with PM2, what has PM2's default is left out, but for those fields that PM2 always has. A dump of
ours has one key more, `pmdaemon`, with the whole declaration, so that nothing is lost. What is read
of a dump stands in `pmdaemon.config.pm2_dump`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pmdaemon.core.environment import unique_id
from pmdaemon.core.logs import TIME_FORMAT, of_instance

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


class Places(NamedTuple):
    """Where the files of one process are for those who know PM2's names for them."""

    out: str
    err: str
    pid: str


class About(NamedTuple):
    """What a list in PM2's shape tells that no declaration does.

    `username` is whose programs those are that say nothing about it, `node` the version of Node
    that runs it.
    """

    version: str = "N/A"
    node: str | None = None
    username: str = ""
    places: Places | None = None


NOTHING_KNOWN = About()


def entry(view: Mapping[str, Any], about: About = NOTHING_KNOWN) -> dict[str, Any]:
    """Word one process, listed with detail, as `pm2 jlist` does."""
    return {
        "pid": view["pid"] or 0,
        "name": view["name"],
        "pm2_env": _pm2_env(view, about),
        "pm_id": view["pm_id"],
        "monit": {
            "memory": view["memory"] if view["pid"] else 0,
            "cpu": round(view["cpu"], 1) if view["pid"] else 0,
        },
    }


def dumped(view: Mapping[str, Any]) -> dict[str, Any]:
    """Word one process, listed with detail, as it stands in `dump.pm2`."""
    shape = _pm2_env(view, NOTHING_KNOWN)
    for name in ("pm_id", "instances", "prev_restart_delay"):
        # A process gets its id when it is brought back; instances are entries of their own.
        shape.pop(name, None)
    return {**shape, "pmdaemon": {"declaration": view["declaration"]}}


def _pm2_env(view: Mapping[str, Any], about: About) -> dict[str, Any]:
    variables = environment_of(view)
    own = {**_declared(view, about), **_files(view, about.places)}
    running = _running(view, about)
    # PM2 has every variable once more beside its own fields, and scripts look there.
    return {**own, **{k: v for k, v in variables.items() if k not in own}, **running}


def _declared(view: Mapping[str, Any], about: About) -> dict[str, Any]:
    declaration = view["declaration"]
    path, interpreter, args = _program(view)
    ready, stop = declaration["ready"], declaration["stop"]
    count = declaration["instances"]
    merged = declaration["logs"]["merge"] or (count == 1 and declaration["exec_mode"] == "fork")
    shape = {
        "name": view["name"],
        "filter_env": [],
        "namespace": view["namespace"],
        "args": args or None,
        "env": environment_of(view),
        # PM2 has it here where it was said, and at the end where it was not.
        **({"instances": count} if count > 1 else {}),
        "merge_logs": merged or None,
        "vizion": False,
        "autostart": declaration["autostart"],
        "autorestart": declaration["restart"]["autorestart"],
        **_watching(view),
        "instance_var": declaration["instance_var"],
        "increment_var": declaration["increment_var"],
        "pmx": False,
        "automation": False,
        "treekill": stop["tree"],
        "username": declaration["run_as"]["user"] or about.username,
        "uid": declaration["run_as"]["uid"],
        "gid": declaration["run_as"]["gid"],
        "windowsHide": True,
        "kill_retry_time": 100,
        **_limits(view),
        "wait_ready": ready["told"] or None,
        "shutdown_with_message": stop["message"] or None,
        "node_args": declaration["command"]["interpreter_args"],
        "pm_exec_path": path,
        "pm_cwd": declaration["cwd"],
        "exec_interpreter": interpreter,
        "exec_mode": f"{declaration['exec_mode']}_mode",
        "instances": count,
    }
    return {name: value for name, value in shape.items() if value is not None}


def _limits(view: Mapping[str, Any]) -> dict[str, Any]:
    """Word what PM2 tells only where somebody has declared it."""
    declaration = view["declaration"]
    restart, stop, logs = declaration["restart"], declaration["stop"], declaration["logs"]
    cron = declaration["cron_restart"]
    usual = {
        "kill_timeout": (_milliseconds(stop["grace"]), 1600),
        "listen_timeout": (_milliseconds(declaration["ready"]["timeout"]), 3000),
        "min_uptime": (_milliseconds(restart["min_uptime"]), 1000),
        "max_restarts": (restart["max_restarts"], 16),
        "restart_delay": (_milliseconds(restart["restart_delay"]), 0),
        "exp_backoff_restart_delay": (_milliseconds(restart["backoff"]), 0),
        "stop_exit_codes": (sorted(restart["stop_exit_codes"]), []),
        "max_memory_restart": (declaration["max_memory"], None),
        "cron_restart": (cron and cron["cron"], None),
        "log_date_format": (logs["date_format"], None),
        "time": (logs["date_format"] == TIME_FORMAT, False),
        "log_type": ("json" if logs["json"] else None, None),
        "disable_logs": (logs["disabled"], False),
    }
    return {name: value for name, (value, default) in usual.items() if value != default}


def _watching(view: Mapping[str, Any]) -> dict[str, Any]:
    watch = view["declaration"]["watch"]
    if watch is None:
        return {"watch": False}
    whole = list(watch["paths"]) == [view["declaration"]["cwd"]]
    return {
        "watch": True if whole else list(watch["paths"]),
        "ignore_watch": list(watch["ignore"]),
        "watch_delay": _milliseconds(watch["delay"]) or None,
    }


def _files(view: Mapping[str, Any], places: Places | None) -> dict[str, Any]:
    """Say where the output is: in the user's own files, if there are any."""
    logs = view["declaration"]["logs"]
    instance = 0 if logs["merge"] else view["instance"]
    usual = places or Places(view["out_file"], view["error_file"], "")
    own = {
        "pm_out_log_path": logs["out_file"],
        "pm_err_log_path": logs["error_file"],
        "pm_log_path": logs["combined_file"],
    }
    paths = {"pm_out_log_path": usual.out, "pm_err_log_path": usual.err}
    paths |= {key: of_instance(path, instance) for key, path in own.items() if path}
    declared = view["declaration"]["pid_file"]
    pid_file = declared.replace("{id}", str(view["pm_id"])) if declared else usual.pid
    return {**paths, "pm_pid_path": pid_file, "km_link": False, "vizion_running": False}


def _running(view: Mapping[str, Any], about: About) -> dict[str, Any]:
    declaration, ended = view["declaration"], view["last_exit"]
    agent = view.get("agent") or {}
    shape = {
        declaration["instance_var"]: view["instance"],
        "unique_id": unique_id(view["created"], view["pm_id"]),
        "status": STATUS.get(view["state"], view["state"]),
        "pm_uptime": _milliseconds(view["started"] or view["created"]),
        "axm_actions": agent.get("actions", []),
        "axm_monitor": agent.get("monitor", {}),
        "axm_options": agent.get("options", {}),
        "axm_dynamic": {},
        "created_at": _milliseconds(view["created"]),
        "pm_id": view["pm_id"],
        "restart_time": view["restarts"],
        "unstable_restarts": 0 if view["state"] == "errored" else view.get("failures", 0),
        "version": about.version,
    }
    if about.node is not None:
        shape["node_version"] = about.node
    if (waited := view.get("backoff", 0.0)) or view["last_cause"] == "restart requested":
        shape["prev_restart_delay"] = _milliseconds(waited)
    if ended is not None:
        # PM2 has 0 for what a signal ended.
        shape["exit_code"] = ended["code"] or 0
    return shape


def _program(view: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """Say which file runs, by which interpreter, with which arguments."""
    argv, cwd = view["declaration"]["command"]["argv"], view["declaration"]["cwd"]
    script = view["script"]
    path = script if script.startswith("/") else f"{cwd}/{script.removeprefix('./')}"
    if path in argv[1:]:
        return path, argv[0].rpartition("/")[2], argv[argv.index(path) + 1 :]
    return argv[0], "none", argv[1:]


def path_of(view: Mapping[str, Any]) -> str:
    """Say which file runs; by PM2's rules a process can be named by it."""
    return _program(view)[0]


def folder_of(view: Mapping[str, Any]) -> str:
    """Say in which folder the program of a process is: PM2 looks from there for its version."""
    return path_of(view).rpartition("/")[0] or "/"


def environment_of(view: Mapping[str, Any]) -> dict[str, str]:
    """Put together the variables that a process was started with."""
    declaration = view["declaration"]
    own = {"PORT": str(view["tcp_port"])} if view["tcp_port"] else {}
    counted = declaration["increment_var"]
    added = view.get("added_env", {})
    own_count = {counted: added[counted]} if counted in added else {}
    return {**declaration["inherited_env"], **own, **declaration["env"], **own_count}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)

"""Files of Pup, `pup.json` and `pup.jsonc`: from its fields to ours.

Its times are in seconds but for `restartDelayMs`. What is started by itself has `autostart`, a
`cron`, or a `watch`; the rest is listed, and waits.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pmdaemon.config.spelling import unknown
from pmdaemon.core.errors import InvalidConfiguration
from pmdaemon.core.routing import bracketed
from pmdaemon.core.wording import shown

PROCESSES = "processes"

RESTART_DELAY = 10_000
"""Milliseconds before a restart, where nothing is said."""

TERMINATE_TIMEOUT = 30.0
"""Seconds from the signal to the kill, where nothing is said."""

TOP_LEVEL = {
    "$schema": "",
    "name": "",
    PROCESSES: "",
    "terminateTimeout": "",
    "watcher": "",
    "terminateGracePeriod": "not acted on: the signal comes at once",
    "api": "set with pmdaemon web instead; revoked tokens are in the settings of the home",
    "logger": "not acted on: output is kept for each process",
    "plugins": "not acted on: plugins are programs that use the API",
}
"""What may stand beside the processes, with the remark on it."""

REMARKS = {
    "overrun": "a run that is due while another lasts waits for its end",
    "terminateGracePeriod": TOP_LEVEL["terminateGracePeriod"],
}
"""What is said of fields of a process that we have otherwise, or not yet."""

HERE_ALONE = (
    "only this machine can reach it; to change that, set cluster.commonHost, for example to 0.0.0.0"
)

KNOWN = frozenset(
    {
        "id", "cmd", "worker", "cwd", "env", "path", "pidFile", "autostart", "cron", "watch",
        "restart", "restartDelayMs", "restartLimit", "timeout", "terminateTimeout", "cluster",
        "logger", "terminate", *REMARKS,
    }
)  # fmt: skip

CLUSTER = frozenset({"instances", "startPort", "commonPort", "commonHost", "strategy"})
"""What a cluster may have; `commonHost` is ours: Pup listens on all addresses."""

Warn = Callable[[str, str], None]


def apps_of(
    path: str, document: Mapping[Any, object], environment: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Put the processes of a file into our fields; return the apps, and remarks on the file.

    Raises:
        InvalidConfiguration: something is not a process at all.

    """
    warnings: list[str] = []
    problems: list[str] = []
    for key in document:
        remark = TOP_LEVEL.get(str(key))
        if remark is None:
            warnings.append(f"{shown(key)}: {unknown(str(key), list(TOP_LEVEL))}")
        elif remark:
            warnings.append(f"{key}: {remark}")
    apps = []
    processes = document[PROCESSES]
    for index, raw in enumerate(processes if isinstance(processes, list) else []):
        where = f"{PROCESSES}[{index}]"
        problem = _problem(raw)
        if problem is not None:
            problems.append(f"{where}{problem}")
            continue

        def warn(field: str, what: str, where: str = where) -> None:
            warnings.append(f"{where}.{field}: {what}")

        apps.append(_app(raw, document, environment, warn))
    if problems:
        raise InvalidConfiguration(shown(path), problems)
    return apps, warnings


def _problem(raw: object) -> str | None:
    if not isinstance(raw, Mapping):
        return f": not a process: {shown(raw)}"
    if "id" not in raw:
        return ".id: it is missing"
    if "worker" in raw:
        return ".worker: it would run inside Pup itself; use cmd instead"
    for name in ("cluster", "logger", "env"):
        if not isinstance(raw.get(name, {}), Mapping):
            return f".{name}: not an object: {shown(raw[name])}"
    cluster = raw.get("cluster", {})
    if "commonPort" in cluster and "startPort" not in cluster:
        return ".cluster.commonPort: instances need ports of their own, too (startPort)"
    if not isinstance(cluster.get("commonHost") or "", str):
        return f".cluster.commonHost: not an address: {shown(cluster['commonHost'])}"
    if raw.get("restart") not in (None, "always", "error"):  # no set: it may be a list
        return f".restart: always or error, not {shown(raw['restart'])}"
    return None


def _app(
    raw: Mapping[str, Any],
    document: Mapping[Any, Any],
    environment: Mapping[str, str],
    warn: Warn,
) -> dict[str, Any]:
    for name in raw:
        if name in REMARKS and raw[name]:
            warn(name, REMARKS[name])
        elif name not in KNOWN:
            warn(shown(name), unknown(name, list(KNOWN)))
    app = {
        "name": raw["id"],
        "namespace": document.get("name"),
        "script": raw.get("cmd"),
        "cwd": raw.get("cwd"),
        "env": _environment(raw, environment),
        "pid_file": raw.get("pidFile"),
        "stop_signal": "SIGTERM",
        "kill_timeout": _seconds(
            raw.get("terminateTimeout", document.get("terminateTimeout", TERMINATE_TIMEOUT))
        ),
        **_starting(raw, document, warn),
        **_restarting(raw),
        **_cluster(raw.get("cluster", {}), warn),
        **_output(raw.get("logger", {}), warn),
    }
    return {name: value for name, value in app.items() if value is not None}


def _environment(raw: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any] | None:
    declared = dict(raw.get("env", {}))
    if isinstance(added := raw.get("path"), str):
        declared["PATH"] = f"{declared.get('PATH', environment.get('PATH', ''))}:{added}"
    return declared or None


def _starting(raw: Mapping[str, Any], document: Mapping[Any, Any], warn: Warn) -> dict[str, Any]:
    """Say what starts it: itself, changes of files, a schedule."""
    by_itself = bool(raw.get("autostart") or raw.get("watch"))
    cron, end = raw.get("cron"), raw.get("terminate")
    limit = _seconds(raw.get("timeout"))
    fields: dict[str, Any] = {"watch": raw.get("watch"), "max_runtime": limit}
    if raw.get("watch"):
        watcher = document.get("watcher")
        watcher = watcher if isinstance(watcher, Mapping) else {}
        fields |= {"ignore_watch": watcher.get("skip"), "watch_delay": watcher.get("interval")}
    if cron is not None and not by_itself:
        overlap = "queue" if raw.get("overrun") else "skip"
        return fields | {"job": {"cron": cron, "overlap": overlap}, "cron_stop": end}
    if end is None:
        return fields | {"autostart": by_itself, "cron_restart": cron}
    if not by_itself or _policy(raw) is None:
        if _policy(raw) is not None:
            warn("terminate", "it stays down then, until it is started")
        return fields | {"autostart": by_itself, "cron_restart": cron, "cron_stop": end}
    if cron is not None:
        warn("cron", "it is up anyway, and is restarted when terminate is due")
    # What is ended by schedule, Pup starts again as its policy says.
    return fields | {"autostart": True, "cron_restart": end}


def _restarting(raw: Mapping[str, Any]) -> dict[str, Any]:
    policy = _policy(raw)
    limit = raw.get("restartLimit")
    return {
        "autorestart": policy is not None and limit != 0,
        "stop_exit_codes": [0] if policy == "error" else None,
        "restart_delay": raw.get("restartDelayMs", RESTART_DELAY),
        # Pup counts restarts, of which the first comes after the first end.
        "max_restarts": limit + 1 if type(limit) is int and limit > 0 else limit or None,
    }


def _policy(raw: Mapping[str, Any]) -> str | None:
    """Say after what it is restarted; Pup has this default for what starts by itself."""
    by_itself = raw.get("autostart") or raw.get("watch")
    policy: str | None = raw.get("restart", "always" if by_itself else None)
    return policy


def _cluster(cluster: Mapping[str, Any], warn: Warn) -> dict[str, Any]:
    if not cluster:
        return {}
    for name in cluster:
        if name not in CLUSTER:
            warn(f"cluster.{shown(name)}", unknown(name, CLUSTER))
    instances = cluster.get("instances") or 1
    first = cluster.get("startPort")
    fields = {"instances": instances, "port": first, "exec_mode": "fork"}
    if isinstance(first, int) and isinstance(instances, int):
        fields["port"] = f"{first}-{first + instances - 1}"
    common = cluster.get("commonPort")
    if common is None:
        return fields
    host = cluster.get("commonHost")
    if host is None:
        warn("cluster.commonPort", HERE_ALONE)
    place = common if host is None else f"{bracketed(host)}:{common}"
    return {**fields, "proxy": {"listen": place, "strategy": cluster.get("strategy")}}


def _output(logger: Mapping[str, Any], warn: Warn) -> dict[str, Any]:
    for name in logger:
        if name not in {"stdout", "stderr"}:
            warn(f"logger.{name}", "not acted on: output is kept as it comes")
    out = logger.get("stdout")
    return {"out_file": out, "error_file": logger.get("stderr", out)}


def _seconds(value: object) -> object:
    """Word a number of seconds so that it is read as one; what is none is refused later."""
    return f"{value}s" if isinstance(value, int | float) and not isinstance(value, bool) else value

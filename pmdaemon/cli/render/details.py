"""Everything about one process, in two columns."""

import re
import shlex
import signal
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from pmdaemon.cli.render.processes import status_word
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless, width
from pmdaemon.core.log_copies import copies_of
from pmdaemon.core.quantities import format_duration, format_size, format_uptime_long
from pmdaemon.core.spec import AppSpec, LogPolicy, Schedule

_SECRET = re.compile(
    r"secret|token|passw|pwd|passphrase|api_?key|_key$|^key$|private|credential|auth|cookie|dsn"
    r"|session|salt|(?:database|redis|mongo\w*|amqp|smtp)_ur[il]",
    re.IGNORECASE,
)

MASK = "••••••"


def details(view: Mapping[str, Any], terminal: Terminal) -> str:
    """Draw all that is known of a process, listed with detail."""
    spec = msgspec.convert(view["declaration"], AppSpec)
    heading = f"{harmless(view['called'])} (id {view['pm_id']})"
    blocks = [
        terminal.paint(heading, "bold"),
        _block("Now", _now(view), terminal),
        _block("Program", _program(view, spec), terminal),
        _block("Rules", _rules(spec), terminal),
        _block("Logs", _logs(view, spec), terminal),
        *_agent_blocks(view, terminal),
        _block("Environment", _environment(view, spec), terminal),
    ]
    return "\n".join(blocks)


def exit_sentence(view: Mapping[str, Any]) -> str | None:
    """Say how the program ended last, and why."""
    ended = view["last_exit"]
    if ended is None:
        return None
    if ended["code"] is not None:
        how = f"exit code {ended['code']}"
    elif ended["signal"] is not None:
        how = _signal_name(ended["signal"])
    else:
        how = "exit status unknown"
    return f"{how}, {view['last_cause']}" if view["last_cause"] else how


def masked(name: str, value: str) -> str:
    """Hide a value whose name looks like that of a secret, or that has a password in a URL."""
    if _SECRET.search(name):
        return MASK
    return re.sub(r"(://[^/\s:@]*:)[^/\s@]+@", rf"\1{MASK}@", value)


def _now(view: Mapping[str, Any]) -> dict[str, object]:
    up = view["pid"] is not None
    return {
        "status": status_word(view["state"]),
        "reason": view["reason"],
        "last words": view.get("last_words") or None,
        "blocked": "yes, until pmdaemon unblock" if view["wish"] == "blocked" else None,
        "health": _health(view.get("health")),
        "pid": view["pid"],
        "port": view["tcp_port"],
        "uptime": format_uptime_long(view["uptime"]) if view["uptime"] else None,
        "cpu": f"{view['cpu']:.1f}%" if up else None,
        "memory": format_size(view["memory"]) if up else None,
        "it reports": _reported(view.get("telemetry")),
        "restarts": view["restarts"],
        "last exit": exit_sentence(view),
        "started": _moment(view["started"]),
        "created": _moment(view["created"]),
    }


def _reported(telemetry: Mapping[str, Any] | None) -> str | None:
    """Show what a program says of its memory; what it has no figure for, it reports as 0."""
    memory = (telemetry or {}).get("memory") or {}
    sizes = [f"{harmless(name)} {format_size(int(size))}" for name, size in memory.items() if size]
    return ", ".join(sizes) or None


def measured(metric: object) -> str:
    """Word a metric as PM2's agent tells it: a value, and perhaps its unit."""
    if not isinstance(metric, Mapping):
        return str(metric)
    return " ".join(str(metric[key]) for key in ("value", "unit") if metric.get(key) is not None)


def _agent_blocks(view: Mapping[str, Any], terminal: Terminal) -> list[str]:
    """Show what a Node program says by PM2's agent; most have none, and say nothing."""
    agent = view.get("agent") or {}
    metrics = {name: measured(one) for name, one in agent.get("monitor", {}).items()}
    actions = [str(one["action_name"]) for one in agent.get("actions", ())]
    how: dict[str, object] = {f"pmdaemon trigger {view['name']}": actions}
    return [
        *([_block("Metrics", metrics, terminal)] if metrics else []),
        *([_block("Actions", how, terminal)] if actions else []),
    ]


def _health(health: Mapping[str, Any] | None) -> str | None:
    if health is None:
        return None
    return f"{health['status']}: {health['detail']}" if health["detail"] else str(health["status"])


def _program(view: Mapping[str, Any], spec: AppSpec) -> dict[str, object]:
    command = spec.command
    several = spec.instances > 1
    instance = f"{view['instance']} of {spec.instances}" if several else None
    return {
        "namespace": view["namespace"],
        "instance": instance,
        "script": view["script"],
        "args": shlex.join(command.args) or None,
        "interpreter": command.interpreter,
        "command": shlex.join(command.argv),
        "cwd": spec.cwd,
        "ports": spec.tcp_ports,
    }


def _rules(spec: AppSpec) -> dict[str, object]:
    restart, stop = spec.restart, spec.stop
    codes = ", ".join(map(str, sorted(restart.stop_exit_codes)))
    return {
        "autorestart": "yes" if restart.autorestart else "no",
        "max restarts": restart.max_restarts,
        "min uptime": format_duration(restart.min_uptime),
        "restart delay": format_duration(restart.restart_delay) if restart.restart_delay else None,
        "backoff": f"from {format_duration(restart.backoff)}" if restart.backoff else None,
        "leave alone after exit codes": codes or None,
        "max memory": format_size(spec.max_memory) if spec.max_memory else None,
        **_triggers(spec),
        "stop": f"{stop.signal}, after {stop.grace:g} s SIGKILL",
        "log files": _log_files(spec.logs),
    }


def _logs(view: Mapping[str, Any], spec: AppSpec) -> dict[str, object]:
    rows = {"out": view["out_file"], "err": view["error_file"]}
    folder = view["out_file"].rpartition("/")[0]
    for copy in copies_of(view["name"], view["instance"], spec.logs, folder):
        title = f"copy of {copy.stream}"
        rows[title] = f"{rows[title]}, {copy.path}" if title in rows else copy.path
    return rows if not spec.logs.disabled else {"kept": "nothing"}


def _triggers(spec: AppSpec) -> dict[str, object]:
    """Say what starts it, and what keeps it from that."""
    check, job, watch = spec.health, spec.job, spec.watch
    needs = ", ".join(f"{one.name} ({one.condition})" for one in spec.depends_on)
    return {
        "autostart": None if spec.autostart else "no",
        "depends on": needs or None,
        "health check": f"{check.target}, every {check.interval:g} s" if check else None,
        "job": _schedule(job.schedule) if job else None,
        "overlap": job.overlap if job else None,
        "time limit": format_duration(job.timeout) if job and job.timeout else None,
        "longest run": format_duration(spec.max_runtime) if spec.max_runtime else None,
        "ended by schedule": _schedule(spec.cron_stop) if spec.cron_stop else None,
        "restart by schedule": _schedule(spec.cron_restart) if spec.cron_restart else None,
        "watched": ", ".join(watch.paths) if watch else None,
        "ignored": " ".join(watch.ignore) if watch else None,
        "user": spec.run_as.user or spec.run_as.uid,
        "niceness": spec.limits.nice,
        "pid file": spec.pid_file,
    }


def _schedule(schedule: Schedule) -> str:
    return f"{schedule.cron} ({schedule.timezone})" if schedule.timezone else schedule.cron


def _log_files(logs: LogPolicy) -> str:
    each = f"{format_size(logs.max_size)} each" if logs.max_size else "of any size"
    compressed = ", compressed" if logs.compress and logs.keep > 1 else ""
    sentence = f"{each}, and {logs.keep} older ones{compressed}"
    if not logs.max_age:
        return sentence
    units = [unit for unit in format_uptime_long(logs.max_age).split() if not unit.startswith("0")]
    return f"{sentence}; kept for {' '.join(units)}"


def _environment(view: Mapping[str, Any], spec: AppSpec) -> dict[str, object]:
    rows: dict[str, object] = {
        name: masked(name, value) for name, value in sorted(spec.env.items())
    }
    rows["inherited"] = f"{len(spec.inherited_env)} variables: pmdaemon env {view['pm_id']}"
    return rows


def _block(title: str, rows: Mapping[str, object], terminal: Terminal) -> str:
    shown = {name: value for name, value in rows.items() if value is not None}
    broad = max(map(width, map(harmless, shown)), default=0)
    lines = [terminal.paint(title, "cyan")]
    for name, value in shown.items():
        label = harmless(name)
        indent = f"\n{' ' * (broad + 4)}"
        lines_of_it = value if isinstance(value, list) else [value]
        text = indent.join(harmless(str(line)) for line in lines_of_it)
        lines.append(f"  {label}{' ' * (broad - width(label))}  {text}")
    return "\n".join(lines)


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(seconds))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

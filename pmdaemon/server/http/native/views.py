"""Processes, their output and the machine as the PMDaemon API shows them."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pmdaemon.core.health import Health, HealthStatus
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.masking import hide_passwords, masked
from pmdaemon.core.metrics import HostSample, Usage
from pmdaemon.core.process import Backoff, Errored, Exit, Process, ProcessState
from pmdaemon.core.quantities import format_uptime_long
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import Command
from pmdaemon.server.http.output import DatedLine, Output

View = dict[str, Any]

STATUS_WORDS: Mapping[ProcessState, str] = MappingProxyType(
    {
        ProcessState.STOPPED: "stopped",
        ProcessState.STARTING: "starting",
        ProcessState.ONLINE: "online",
        ProcessState.STOPPING: "stopping",
        ProcessState.BACKOFF: "restarting",
        ProcessState.EXITED: "stopped",
        ProcessState.ERRORED: "errored",
    }
)

STREAM_WORDS: Mapping[OutputStream, str] = MappingProxyType(
    {OutputStream.OUT: "out", OutputStream.ERR: "error"}
)

HEALTH_WORDS: Mapping[HealthStatus, str] = MappingProxyType(
    {
        HealthStatus.STARTING: "unknown",
        HealthStatus.HEALTHY: "healthy",
        HealthStatus.UNHEALTHY: "unhealthy",
    }
)


def root_view(version: str) -> View:
    """Say what this is, and where everything is."""
    return {
        "name": "PMDaemon",
        "version": version,
        "description": "Keeps programs running: starts, restarts and watches them, and shows how",
        "status": "running",
        "endpoints": {
            "processes": "/api/processes",
            "system": "/api/system",
            "status": "/api/status",
            "websocket": "/ws",
        },
    }


def status_view(version: str, wall: float) -> View:
    """Say that we are there."""
    return {"status": "ok", "timestamp": timestamp(wall), "version": version}


def process_view(snapshot: ProcessSnapshot) -> View:
    """Show a process in a list; `port` is text, as in the reference."""
    process = snapshot.process
    return {
        **_common_view(snapshot),
        "health_status": health_word(snapshot.health),
        "namespace": process.spec.namespace,
        "instance": process.instance,
    }


def detail_view(snapshots: Sequence[ProcessSnapshot]) -> View:
    """Show the first of these processes in full; of several, all of them in short as well."""
    snapshot = snapshots[0]
    view = {
        **_common_view(snapshot),
        "config": _config_view(snapshot.process),
        "health_check": _health_view(snapshot),
        "logs": {"out_file": snapshot.out_file, "error_file": snapshot.error_file},
        "namespace": snapshot.process.spec.namespace,
        "instance": snapshot.process.instance,
        **_story_view(snapshot.process),
    }
    if snapshot.telemetry is not None:
        view["telemetry"] = snapshot.telemetry
    if len(snapshots) > 1:
        view["instances"] = [process_view(one) for one in snapshots]
    return view


def action_view(done: str) -> View:
    """Say that a process was `done`: stopped, restarted, deleted."""
    return {"success": True, "message": f"Process {done} successfully"}


def output_view(output: Output) -> View:
    """Show lines of output, oldest first."""
    return {"logs": [_line_view(line) for line in output.lines], "total_lines": output.total}


def system_view(host: HostSample, snapshots: Iterable[ProcessSnapshot]) -> View:
    """Show the machine, and how many processes are in which state."""
    words = [status_word(one.process) for one in snapshots]
    return {
        "hostname": host.hostname,
        "platform": host.platform,
        "arch": host.arch,
        "uptime": format_uptime_long(host.uptime),
        "cpu": {
            "cores": host.cores,
            "usage": round(host.cpu, 1),
            "load_average": [round(load, 2) for load in host.load_average],
        },
        "memory": _usage_view(host.memory),
        "disk": _usage_view(host.disk),
        "processes": {
            "total": len(words),
            **{word: words.count(word) for word in ("online", "stopped", "errored")},
        },
    }


def status_word(process: Process) -> str:
    """Name the state of a process."""
    return STATUS_WORDS[process.state.kind]


def health_word(health: Health | None) -> str:
    """Name what is thought of a process; `unknown` as well where nothing checks it."""
    return HEALTH_WORDS[health.status] if health is not None else "unknown"


def timestamp(wall: float) -> str:
    """Write a time, given in seconds since the epoch, as `2024-01-15T10:30:00Z`."""
    return datetime.fromtimestamp(int(wall), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _common_view(snapshot: ProcessSnapshot) -> View:
    process = snapshot.process
    return {
        "id": process.pm_id,
        "name": process.name,
        "status": status_word(process),
        "pid": process.pid,
        "port": _text(process.serving_port),
        "cpu_usage": round(snapshot.sample.cpu, 1),
        "memory_usage": snapshot.sample.memory,
        "uptime": format_uptime_long(snapshot.uptime),
        "restarts": process.restarts,
    }


def _health_view(snapshot: ProcessSnapshot) -> View:
    """Show how a process is checked; `message` and `failures` are more than the reference has."""
    check, health = snapshot.process.spec.health, snapshot.health
    last = health.last if health is not None else None
    at = health.at if health is not None else None
    target = hide_passwords(check.target) if check is not None else None
    return {
        "enabled": check is not None,
        "check_type": check.kind if check is not None else None,
        "url": target if check is not None and check.kind == "http" else None,
        "status": health_word(health),
        "last_check": timestamp(at.wall) if at is not None else None,
        "response_time": round(last.seconds * 1000) if last is not None else None,
        "target": target,
        "failures": health.failures if health is not None else 0,
        "message": last.detail if last is not None else None,
    }


def exit_view(ended: Exit | None) -> View | None:
    """Show how a program ended."""
    return None if ended is None else {"code": ended.code, "signal": ended.signal}


def _story_view(process: Process) -> View:
    """Say since when it runs, how its last run ended, and why it is not up, if it is not."""
    state = process.state
    return {
        "created_at": timestamp(process.created.wall),
        "started_at": timestamp(process.started.wall) if process.started else None,
        "last_exit": exit_view(process.last_exit),
        "last_cause": process.last_cause,
        "reason": state.reason if isinstance(state, Errored | Backoff) else None,
    }


def _config_view(process: Process) -> View:
    spec = process.spec
    port = _text(process.serving_port)
    env = {**({"PORT": port} if port is not None else {}), **spec.env}
    script, *args = _words(spec.command)
    return {
        "script": script,
        "args": args,
        "instances": spec.instances,
        "max_memory_restart": spec.max_memory,
        "port": _text(spec.tcp_ports),
        "env": masked(env),
        "cwd": spec.cwd,
        "interpreter": spec.command.interpreter,
        "interpreter_args": list(spec.command.interpreter_args),
        "autorestart": spec.restart.autorestart,
        "max_restarts": spec.restart.max_restarts,
        "min_uptime": _milliseconds(spec.restart.min_uptime),
        "restart_delay": _milliseconds(spec.restart.restart_delay),
        "stop_exit_codes": sorted(spec.restart.stop_exit_codes),
        "stop_signal": spec.stop.signal,
        "kill_timeout": _milliseconds(spec.stop.grace),
    }


def _words(command: Command) -> Sequence[str]:
    """Take a command line that is run as words, as `node server.js`, apart into these."""
    try:
        words = shlex.split(command.script)
    except ValueError:
        words = []
    was_split = len(words) > 1 and command.argv[1 : len(words)] == tuple(words[1:])
    return [*(words if was_split else [command.script]), *command.args]


def _line_view(line: DatedLine) -> View:
    return {
        "timestamp": timestamp(line.time),
        "type": STREAM_WORDS[line.stream],
        "message": line.text,
    }


def _usage_view(usage: Usage) -> View:
    return {
        "total": usage.total,
        "used": usage.used,
        "free": usage.free,
        "usage_percent": usage.percent,
    }


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _text(value: object) -> str | None:
    return None if value is None else str(value)

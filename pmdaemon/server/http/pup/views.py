"""Processes, the daemon and log entries as the Pup API shows them.

Times are texts of ISO 8601, in log entries milliseconds since the epoch.
"""

import signal
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from pmdaemon.core.instance_names import instance_name
from pmdaemon.core.journal import Entry
from pmdaemon.core.masking import masked
from pmdaemon.core.metrics import HostSample
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Exit,
    Process,
    ProcessState,
    Stopping,
    Wish,
)
from pmdaemon.core.schedule import time_limit
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import AppSpec
from pmdaemon.core.state_history import StateRecord, record_of

View = dict[str, Any]

CREATED, STARTING, RUNNING, STOPPING = 0, 100, 200, 250
FINISHED, ERRORED, EXHAUSTED, MIXED = 300, 400, 450, 500

CORE = "core"
"""Whom an entry is about that is about no process."""


class Shown(Struct, frozen=True):
    """A process, and when its latest run ended, in seconds since the epoch, where that is known."""

    snapshot: ProcessSnapshot
    exited: float | None = None


class Daemon(Struct, frozen=True):
    """What is so of the daemon; `started` is in seconds since the epoch."""

    pid: int
    version: str
    runtime: str
    started: float
    tcp_port: int | None
    is_ending: bool


def status_number(process: Process) -> int:
    """Number the state of a process."""
    return record_number(record_of(process, time=0.0))


def record_number(record: StateRecord) -> int:
    """Number the state that a process had."""
    ended_well = record.exit is not None and record.exit.clean
    match record.state:
        case None:
            return FINISHED
        case ProcessState.STOPPED:
            return FINISHED if record.ran else CREATED
        case ProcessState.STARTING:
            return STARTING
        case ProcessState.ONLINE:
            return RUNNING
        case ProcessState.STOPPING:
            return STOPPING
        case ProcessState.BACKOFF | ProcessState.EXITED:
            return FINISHED if ended_well else ERRORED
        case ProcessState.ERRORED:
            return EXHAUSTED if record.exhausted else ERRORED


def list_view(shown: Sequence[Shown]) -> list[View]:
    """Show all processes, each with its declaration; before its instances stands a cluster."""
    listed: list[View] = []
    for instances in _by_app(shown):
        process = instances[0].snapshot.process
        config = config_view(process.spec)
        if process.spec.instances > 1:
            listed.append({"status": cluster_view(instances), "config": config})
        listed += [
            {
                "status": information_view(one),
                "config": {**config, "id": instance_name(one.snapshot.process)},
            }
            for one in instances
        ]
    return listed


def information_views(shown: Sequence[Shown]) -> list[View]:
    """Show what is so of all processes, clusters among them."""
    return [one["status"] for one in list_view(shown)]


def information_view(shown: Shown) -> View:
    """Show what is so of a process."""
    snapshot = shown.snapshot
    process = snapshot.process
    view: View = {
        "id": instance_name(process),
        "status": status_number(process),
        "type": "process",
        "blocked": process.wish is Wish.BLOCKED,
        "restarts": process.restarts,
        "updated": iso(snapshot.at.wall),
    }
    optional = {
        "started": iso(process.started.wall) if process.started is not None else None,
        "exited": iso(shown.exited) if shown.exited is not None else None,
        "code": process.last_exit.code if process.last_exit is not None else None,
        "signal": _signal_name(process.last_exit),
        "pid": process.pid,
        "pendingRestartReason": _pending(process),
        "telemetry": snapshot.telemetry,
    }
    return view | {name: value for name, value in optional.items() if value is not None}


def cluster_view(instances: Sequence[Shown]) -> View:
    """Show what is so of an app with several instances, as one."""
    processes = [one.snapshot.process for one in instances]
    numbers = {status_number(one) for one in processes}
    return {
        "id": processes[0].name,
        "status": numbers.pop() if len(numbers) == 1 else MIXED,
        "blocked": all(one.wish is Wish.BLOCKED for one in processes),
        "updated": iso(instances[0].snapshot.at.wall),
        "type": "cluster",
    }


def config_view(spec: AppSpec) -> View:
    """Show a declaration in Pup's fields; secrets in its environment are hidden."""
    policy = spec.restart
    command = spec.command
    view: View = {
        "id": spec.name,
        "cmd": " ".join([command.script, *command.args]),
        "cwd": spec.cwd,
        "env": masked(spec.env),
        "autostart": spec.autostart and spec.job is None,
        "restartDelayMs": round(policy.restart_delay * 1000),
        # Ends are counted here, and restarts by Pup.
        "restartLimit": max(0, policy.max_restarts - 1),
        "terminateTimeout": spec.stop.grace,
    }
    schedule = spec.job.schedule if spec.job is not None else None
    optional = {
        "restart": "always" if policy.autorestart and spec.job is None else None,
        "cron": schedule.cron if schedule is not None else None,
        "terminate": spec.cron_stop.cron if spec.cron_stop is not None else None,
        "timeout": time_limit(spec) or None,
        "watch": list(spec.watch.paths) if spec.watch is not None else None,
        "pidFile": spec.pid_file,
        "cluster": _cluster_config(spec) if spec.instances > 1 else None,
    }
    return view | {name: value for name, value in optional.items() if value is not None}


def state_view(daemon: Daemon, host: HostSample, shown: Sequence[Shown], *, at: float) -> View:
    """Show the daemon and the machine; the figures of a heap, which it has not, are 0."""
    details = host.details
    return {
        "pid": daemon.pid,
        "version": daemon.version,
        "status": "TERMINATING" if daemon.is_ending else "RUNNING",
        "updated": iso(at),
        "started": iso(daemon.started),
        "memory": {"external": 0, "heapTotal": 0, "heapUsed": 0, "rss": details.own},
        "port": daemon.tcp_port,
        "systemMemory": {
            "total": host.memory.total,
            "free": max(0, host.memory.free - details.buffers - details.cached),
            "available": host.memory.free,
            "buffers": details.buffers,
            "cached": details.cached,
            "swapTotal": details.swap.total,
            "swapFree": details.swap.free,
        },
        "loadAvg": list(host.load_average),
        "osUptime": host.uptime,
        "osRelease": host.platform,
        "runtime": daemon.runtime,
        "type": "main",
        "processes": information_views(shown),
    }


def record_view(record: StateRecord) -> View:
    """Show how a process was from a moment on; `gone` is one that was deleted then."""
    view: View = {
        "timeStamp": int(record.time * 1000),
        "id": record.process,
        "status": record_number(record),
        "blocked": record.blocked,
        "restarts": record.restarts,
    }
    optional = {
        "pid": record.pid,
        "code": record.exit.code if record.exit is not None else None,
        "signal": _signal_name(record.exit),
        "gone": record.state is None or None,
    }
    return view | {name: value for name, value in optional.items() if value is not None}


def entry_view(entry: Entry) -> View:
    """Show an entry of the log."""
    view: View = {
        "severity": entry.severity,
        "category": entry.category,
        "text": entry.text,
        "processId": entry.process or CORE,
        "timeStamp": int(entry.time * 1000),
    }
    return view if entry.consumer is None else {**view, "consumer": entry.consumer}


def iso(wall: float) -> str:
    """Write a time, given in seconds since the epoch, as `2024-01-15T10:30:00.123Z`."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _by_app(shown: Iterable[Shown]) -> Iterable[Sequence[Shown]]:
    apps: dict[str, list[Shown]] = {}
    for one in shown:
        apps.setdefault(one.snapshot.process.name, []).append(one)
    return apps.values()


def _signal_name(ended: Exit | None) -> str | None:
    number = ended.signal if ended is not None else None
    if number is None:
        return None
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def _pending(process: Process) -> str | None:
    match process.state:
        case Backoff(reason=reason):
            return reason or "restart"
        case Stopping(cause=cause) if (
            process.wish is Wish.UP and cause is not Cause.ENDED_BY_ITSELF
        ):
            return str(cause)
        case _:
            return None


def _cluster_config(spec: AppSpec) -> View:
    ports = spec.tcp_ports
    view: View = {"instances": spec.instances}
    if ports is not None and spec.shared_port is not None:
        return {**view, "commonPort": ports.first}
    if ports is not None:
        view["startPort"] = ports.first
    if spec.proxy is not None and spec.proxy.listener is not None:
        view |= {"commonPort": spec.proxy.listener.tcp_port, "strategy": spec.proxy.strategy}
    return view

"""The supervisor, processes and their output as prox shows them.

The fields of the reference are all there, always; what is more than that comes after them.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.health import Health, HealthStatus
from pmdaemon.core.instance_names import instance_name
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.masking import hide_passwords, masked
from pmdaemon.core.process import Backoff, Errored, Exit, Instant, Process, ProcessState
from pmdaemon.core.request_records import RawHeaders, RequestRecord, masked_headers
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import Command
from pmdaemon.server.http.log_streams import Missed
from pmdaemon.server.http.searching import Found, FoundLine

View = dict[str, Any]

STATUS_WORDS: Mapping[ProcessState, str] = MappingProxyType(
    {
        ProcessState.STOPPED: "stopped",
        ProcessState.STARTING: "starting",
        ProcessState.ONLINE: "running",
        ProcessState.STOPPING: "stopping",
        ProcessState.BACKOFF: "crashed",
        ProcessState.EXITED: "stopped",
        ProcessState.ERRORED: "crashed",
    }
)
"""What ended by itself with anything but exit code 0 has `crashed`, too."""

HEALTH_WORDS: Mapping[HealthStatus, str] = MappingProxyType(
    {
        HealthStatus.STARTING: "unknown",
        HealthStatus.HEALTHY: "healthy",
        HealthStatus.UNHEALTHY: "unhealthy",
    }
)

STREAM_WORDS: Mapping[OutputStream, str] = MappingProxyType(
    {OutputStream.OUT: "stdout", OutputStream.ERR: "stderr"}
)

API_VERSION = "v1"

NO_PID = 0
"""What stands for the pid of a process that has none: the field is a number always."""


def status_view(
    *, ending: bool, uptime: float, sources: Sequence[str], version: str, proxy: View
) -> View:
    """Show the supervisor; `config_file` is the first of the files that declare what is there."""
    return {
        "status": "stopping" if ending else "running",
        "uptime_seconds": int(uptime),
        "config_file": sources[0] if sources else "",
        "api_version": API_VERSION,
        "config_files": list(sources),
        "version": version,
        "proxy": proxy,
    }


def proxy_view(addresses: Sequence[str], *, on: bool, captures: bool) -> View:
    """Show the gateway, which is one of its own, or off."""
    return {
        "mode": "standalone" if on else "disabled",
        "addresses": list(addresses),
        "capture_enabled": captures,
    }


def ended_view(failures: Sequence[PmdaemonError]) -> View:
    """Say that everything has ended, or what has not."""
    return {
        "success": not failures,
        "waited": True,
        "failures": [{"error": one.message, "code": one.code.upper()} for one in failures],
    }


def list_view(snapshots: Iterable[ProcessSnapshot]) -> View:
    """Show all processes in short."""
    return {"processes": [process_view(one) for one in snapshots]}


def process_view(snapshot: ProcessSnapshot) -> View:
    """Show a process in short."""
    process = snapshot.process
    return {
        "name": instance_name(process),
        "status": status_word(process),
        "pid": process.pid or NO_PID,
        "uptime_seconds": int(snapshot.uptime),
        "restarts": process.restarts,
        "health": health_word(snapshot.health),
    }


def detail_view(snapshots: Sequence[ProcessSnapshot]) -> View:
    """Show the first of these processes in full; of several, all of them in short as well."""
    snapshot = snapshots[0]
    process = snapshot.process
    view = {
        **process_view(snapshot),
        "healthcheck": _healthcheck_view(snapshot),
        "cmd": _words(process.spec.command),
        "env": _environment(process),
        "id": process.pm_id,
        "namespace": process.spec.namespace,
        "instance": process.instance,
        "last_exit": _exit_view(process.last_exit),
        "reason": process.state.reason if isinstance(process.state, Errored | Backoff) else None,
    }
    if len(snapshots) > 1:
        view["instances"] = [process_view(one) for one in snapshots]
    return view


def logs_view(found: Found) -> View:
    """Show lines, oldest first: how many of how many."""
    return {
        "logs": [line_view(line) for line in found.lines],
        "filtered_count": len(found.lines),
        "total_count": found.total,
    }


def line_view(line: FoundLine) -> View:
    """Show a line."""
    return {
        "timestamp": timestamp(line.time),
        "process": instance_name(line.process),
        "stream": STREAM_WORDS[line.stream],
        "line": line.text,
    }


def request_view(record: RequestRecord, now: Instant) -> View:
    """Show a request that went through the gateway; without an answer its status is 0."""
    seconds = record.seconds
    lasted = seconds if seconds is not None else now.monotonic - record.began.monotonic
    return {
        "id": record.id,
        "timestamp": timestamp(record.began.wall),
        "method": record.method,
        "url": record.url,
        "subdomain": record.subdomain,
        "status_code": record.status,
        "duration_ms": round(lasted * 1000),
        "remote_addr": record.remote_addr,
        "hostname": record.host,
        "in_flight": record.in_flight,
        "stale": record.stale(now),
    }


def headers_view(headers: RawHeaders) -> View:
    """Show headers without secrets: of each name all values."""
    shown: dict[str, list[str]] = {}
    for name, value in masked_headers(headers):
        shown.setdefault(name, []).append(value)
    return shown


def body_view(body: View, kept: int, headers: RawHeaders, *, whole: bool) -> View:
    """Show a body: how long it was and, if it is to be shown whole, what was kept of it."""
    found = {name.lower(): value.decode("latin-1") for name, value in reversed(headers)}
    view: View = {
        "size": body["size"],
        "captured_size": kept,
        "truncated": body["truncated"],
        "content_type": found.get(b"content-type", ""),
        "content_encoding": found.get(b"content-encoding", ""),
        "is_binary": "text" not in body,
    }
    return {**view, "data": body.get("text", body.get("base64"))} if whole else view


def gap_view(missed: Missed) -> View:
    """Say whose output was removed before it was read."""
    return {"process": instance_name(missed.process), "stream": STREAM_WORDS[missed.stream]}


def status_word(process: Process) -> str:
    """Name the state of a process."""
    ended = process.last_exit
    if process.state.kind is ProcessState.EXITED and ended is not None and not ended.clean:
        return "crashed"
    return STATUS_WORDS[process.state.kind]


def health_word(health: Health | None) -> str:
    """Name what is thought of a process; `unknown` as well where nothing checks it."""
    return HEALTH_WORDS[health.status] if health is not None else "unknown"


def timestamp(wall: float) -> str:
    """Write a time, given in seconds since the epoch, as `2025-01-19T10:32:01.123Z`."""
    moment = datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def _healthcheck_view(snapshot: ProcessSnapshot) -> View:
    check, health = snapshot.process.spec.health, snapshot.health
    last = health.last if health is not None else None
    at = health.at if health is not None else None
    return {
        "enabled": check is not None,
        "last_check": timestamp(at.wall) if at is not None else None,
        "last_output": last.detail if last is not None else "",
        "consecutive_failures": health.failures if health is not None else 0,
    }


def _environment(process: Process) -> dict[str, str]:
    port = {"PORT": str(process.tcp_port)} if process.tcp_port is not None else {}
    return masked({**port, **process.spec.env})


def _words(command: Command) -> str:
    return hide_passwords(" ".join([command.script, *map(shlex.quote, command.args)]))


def _exit_view(ended: Exit | None) -> View | None:
    return None if ended is None else {"code": ended.code, "signal": ended.signal}

"""From the fields of an app, each read, to the parts of its `AppSpec`."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from pmdaemon.config import env_files
from pmdaemon.config.app_reading import Reading
from pmdaemon.config.caller import CallerEnvironment
from pmdaemon.config.field_table import FIELDS
from pmdaemon.config.health_fields import flat_check
from pmdaemon.config.run_as import run_as
from pmdaemon.core import tcp_ports
from pmdaemon.core.errors import InvalidInput, PmdaemonError
from pmdaemon.core.logs import TIME_FORMAT
from pmdaemon.core.node import runs_in_node
from pmdaemon.core.spec import (
    Command,
    ExecMode,
    HealthCheck,
    Limits,
    LogPolicy,
    Published,
    Readiness,
    RestartPolicy,
    RunAs,
    Schedule,
    StopPolicy,
    WatchPolicy,
)
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.core.wording import shown

_STRUCTS: dict[str, Callable[..., Any]] = {
    "restart": RestartPolicy,
    "stop": StopPolicy,
    "ready": Readiness,
    "limits": Limits,
}
_INTO = {field.name: field.into.rpartition(".")[::2] for field in FIELDS if field.into}
"""Where the values of fields go, by name: into which part, and as what of it."""

_FILES = ("out_file", "error_file", "log_file", "pid_file")
_HEALTH = "health_check_"


def absolute(path: str, cwd: str) -> str:
    """Make a path absolute, relative to the app's folder."""
    return os.path.normpath(os.path.join(cwd, os.path.expanduser(path)))  # noqa: PTH111, PTH118 - text in, text out


def parts(reading: Reading, cwd: str) -> dict[str, Any]:
    """Put together all of an app but its name, its command and its environments."""
    found = reading.values
    _make_absolute(found, cwd)
    grouped: dict[str, dict[str, Any]] = {}
    for field_name, value in found.items():
        if field_name in _INTO:
            owner, name = _INTO[field_name]
            grouped.setdefault(owner, {})[name] = value
    made = {name: make(**grouped.get(name, {})) for name, make in _STRUCTS.items()}
    plain = {
        name: value
        for name, value in grouped.get("", {}).items()
        if name not in {"name", "cwd"} and value is not None
    }
    if found.get("execute_command"):
        plain["exec_mode"] = "fork"
    return {
        **plain,
        **made,
        "logs": _logs(found, grouped.get("logs", {})),
        "health": _health(reading),
        "watch": watch_policy(reading, cwd),
        "run_as": _run_as(reading),
        **_schedules(found),
    }


def environments(
    reading: Reading, environment: CallerEnvironment, cwd: str
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return what the app declares, and what it inherits, each by itself."""
    found = reading.values
    declared: dict[str, str] = {}
    for path in found.get("env_file", ()):
        try:
            declared |= env_files.read_env_file(absolute(path, cwd))
        except PmdaemonError as error:
            reading.refuse("env_file", error)
    declared |= found.get("env", {})
    if "inherited_env" in found:
        return declared, found["inherited_env"]
    try:
        return declared, _filtered(found, environment.inherited)
    except InvalidInput as error:
        reading.refuse("environment", error)
        return declared, {}


def usual_exec_mode(reading: Reading, command: Command) -> ExecMode:
    """Say whether instances share their sockets where that is not declared.

    As with PM2 those of Node do, where their number is declared; but not where each of them is to
    have a TCP port of its own.
    """
    ports: TcpPorts | None = reading.values.get("port")
    together = "instances" in reading.values and (ports is None or ports.count == 1)
    return "cluster" if together and runs_in_node(command) else "fork"


def check_ports(reading: Reading, exec_mode: ExecMode) -> None:
    """Note when there are fewer ports than instances."""
    ports: TcpPorts | None = reading.values.get("port")
    instances: int = reading.values.get("instances", 1)
    shared = exec_mode == "cluster" and ports is not None and ports.count == 1
    if ports is None or ports.count >= instances or shared:
        return
    last = min(ports.first + instances - 1, tcp_ports.LAST_TCP_PORT)
    wanted = TcpPorts(ports.first, last, auto=ports.auto)
    message = f"{instances} instances need a range of as many TCP ports (as {wanted})"
    reading.refuse("port", InvalidInput(message, code="tcp_ports_too_few"))


def check_proxy_port(reading: Reading) -> None:
    """Note when nobody could tell where the app listens, or when the gateway listens there too."""
    published: Published | None = reading.values.get("proxy")
    if published is None:
        return
    ports: TcpPorts | None = reading.values.get("port")
    if ports is None and published.tcp_port is None:
        message = "it leads to no TCP port: the app has none (port), and none is said (proxy.port)"
        reading.refuse("proxy", InvalidInput(message))
    listener = published.listener
    own = {published.tcp_port}
    if ports is not None:
        own |= set(range(ports.first, ports.last + 1))
    if listener is not None and listener.tcp_port in own:
        message = f"the app itself has the port {listener.tcp_port}"
        reading.refuse("proxy", InvalidInput(message))


def check_health_port(reading: Reading) -> None:
    """Note when a check is of the app's TCP port, and it has none."""
    check: HealthCheck | None = reading.values.get("health_check")
    target = check.target if check is not None and check.kind != "command" else ""
    target = target or reading.values.get("health_check_url", "")
    if "{port}" in target and reading.values.get("port") is None:
        field = "health_check" if check is not None else "health_check_url"
        message = "{port} stands for the TCP port of the app, and it has none"
        reading.refuse(field, InvalidInput(message))


def _filtered(found: Mapping[str, Any], inherited: Mapping[str, str]) -> Mapping[str, str]:
    match found.get("filter_env", False):
        case True:
            return {}
        case tuple() as unwanted:
            return {
                name: value
                for name, value in inherited.items()
                if not any(text in name for text in unwanted)
            }
        case _:
            return inherited


def _make_absolute(found: dict[str, Any], cwd: str) -> None:
    for name in _FILES:
        if found.get(name) is not None:
            found[name] = absolute(found[name], cwd)


def _logs(found: Mapping[str, Any], given: dict[str, Any]) -> LogPolicy:
    if found.get("time") and "date_format" not in given:
        given["date_format"] = TIME_FORMAT
    return LogPolicy(**given, json=found.get("log_type") == "json")


def _health(reading: Reading) -> HealthCheck | None:
    found = reading.values
    flat = {
        name.removeprefix(_HEALTH): value
        for name, value in found.items()
        if name.startswith(_HEALTH)
    }
    if not flat:
        check: HealthCheck | None = found.get("health_check")
        return check
    names = [name for name in found if name.startswith(_HEALTH)]
    if "health_check" in found:
        reading.refuse(names[0], InvalidInput("it is part of health_check, which is also given"))
        return None
    try:
        return flat_check(flat)
    except PmdaemonError as error:
        reading.refuse(names[0], error)
        return None


def watch_policy(reading: Reading, cwd: str) -> WatchPolicy | None:
    """Make of what was read which files are watched; None for none."""
    found = reading.values
    wanted = found.get("watch", False)
    if wanted is False:
        return None
    paths = (cwd,) if wanted is True else tuple(absolute(path, cwd) for path in wanted)
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110 - text in, and no other fault than that
            reading.refuse("watch", InvalidInput(f"no such file or folder: {shown(path)}"))
    given = {"ignore": "ignore_watch", "delay": "watch_delay"}
    return WatchPolicy(paths, **{to: found[name] for to, name in given.items() if name in found})


def _run_as(reading: Reading) -> RunAs:
    found = reading.values
    try:
        return run_as(found.get("uid"), found.get("gid"))
    except InvalidInput as error:
        reading.refuse("uid" if "uid" in found else "gid", error)
        return RunAs()


def _schedules(found: Mapping[str, Any]) -> dict[str, Any]:
    timezone = found.get("timezone")
    made: dict[str, Any] = {}
    if (expression := found.get("cron_restart")) is not None:
        made["cron_restart"] = Schedule(expression, timezone)
    if (expression := found.get("cron_stop")) is not None:
        made["cron_stop"] = Schedule(expression, timezone)
    if (job := found.get("job")) is not None:
        from msgspec.structs import replace  # noqa: PLC0415 - few apps are jobs

        own = job.schedule.timezone or timezone
        made["job"] = replace(job, schedule=Schedule(job.schedule.cron, own))
    return made

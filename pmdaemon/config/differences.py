"""Differences between two declarations, in the words of ecosystem files; secrets are masked."""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

from msgspec import Struct

from pmdaemon.config.field_kinds import show_duration
from pmdaemon.config.field_table import FIELDS
from pmdaemon.core.masking import hide_passwords, masked
from pmdaemon.core.spec import AppSpec, HealthCheck, Hook, Job, Schedule, WatchPolicy

_NAMES_BY_PATH = {field.into: field for field in FIELDS if field.into}

_PUT_TOGETHER = {
    "command.script": "script",
    "command.argv": "script",
    "health": "health_check",
    "run_as": "uid",
    "logs.json": "log_type",
    "tcp_ports": "port",
}
"""The fields of parts that no single field says all about."""

_ONE_FIELD = frozenset(
    {"cron_restart", "cron_stop", "health", "job", "proxy", "run_as", "tcp_ports", "watch"}
)
"""The parts that are one field each, whatever differs within."""

_UNSAID = frozenset({"source"})


class Change(Struct, frozen=True):
    """One field, as it is and as it will be; None where there is nothing."""

    field: str
    before: str | None
    after: str | None


def in_words(before: AppSpec, after: AppSpec, paths: Iterable[str]) -> list[Change]:
    """Word the differences at these paths, each once."""
    changes: dict[str, Change] = {}
    for path in _told(list(paths)):
        if path == "env":
            for change in _variables(before.env, after.env):
                changes[change.field] = change
            continue
        name, show = _field_of(path)
        one, other = (_shown(_at(spec, path), show) for spec in (before, after))
        changes.setdefault(name, Change(name, one, other))
    return list(changes.values())


def _told(paths: list[str]) -> list[str]:
    """Leave out what follows from others, and put parts together that are one field."""
    reasons = {"cwd"} | {path for path in paths if path.startswith("command.")} - {"command.argv"}
    told = [_whole(path) for path in paths if path not in _UNSAID]
    return [path for path in told if path != "command.argv" or not reasons & {*paths}]


def _whole(path: str) -> str:
    owner = path.partition(".")[0]
    return owner if owner in _ONE_FIELD else path


def _field_of(path: str) -> tuple[str, Callable[[Any], str]]:
    field = _NAMES_BY_PATH.get(path)
    if field is not None and path not in _SHOWN:
        return field.name, field.kind.show
    name = _PUT_TOGETHER.get(path) or (field.name if field is not None else path)
    return name, _SHOWN.get(path, str)


def _at(spec: AppSpec, path: str) -> object:
    return reduce(getattr, path.split("."), spec)


def _shown(value: object, show: Callable[[Any], str]) -> str | None:
    return None if value in (None, (), {}, frozenset()) else hide_passwords(show(value))


def _variables(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    old, new = masked(before), masked(after)
    return [
        Change(f"env.{name}", old.get(name), new.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]


def _health(check: HealthCheck) -> str:
    return (
        f"{check.target} every {show_duration(check.interval)}"
        f" within {show_duration(check.timeout)}, {check.retries} retries,"
        f" from {show_duration(check.start_period)} on"
        f"{', restart' if check.restart else ''}"
    )


def _schedule(schedule: Schedule) -> str:
    return f"{schedule.cron} {schedule.timezone}" if schedule.timezone else schedule.cron


def _job(job: Job) -> str:
    limit = f", {show_duration(job.timeout)} at most" if job.timeout else ""
    return f"{_schedule(job.schedule)}, {job.overlap}{limit}, {job.keep} kept"


def _watch(policy: WatchPolicy) -> str:
    ignored = f" but {', '.join(policy.ignore)}" if policy.ignore else ""
    delay = f", after {show_duration(policy.delay)}" if policy.delay else ""
    return f"{', '.join(policy.paths)}{ignored}{delay}"


def _hooks(hooks: tuple[Hook, ...]) -> str:
    # Neither the URL nor the command: both may hold secrets.
    return ", ".join(
        f"{'/'.join(hook.events)} to {'a URL' if hook.url else hook.command[0]}" for hook in hooks
    )


def _run_as(run_as: Any) -> str:  # noqa: ANN401 - a RunAs
    who = run_as.user if run_as.user is not None else run_as.uid
    return f"{who if who is not None else 'its own'}, group {run_as.gid}"


_SHOWN: dict[str, Callable[[Any], str]] = {
    "command.argv": " ".join,
    "health": _health,
    "cron_restart": _schedule,
    "cron_stop": _schedule,
    "job": _job,
    "watch": _watch,
    "hooks": _hooks,
    "run_as": _run_as,
    "logs.json": lambda json: "json" if json else "raw",
}

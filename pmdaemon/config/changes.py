"""What a command changes of a declaration that is there already."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from pmdaemon.config.app_parts import watch_policy
from pmdaemon.config.app_reading import Reading, read_fields
from pmdaemon.config.environment import scrubbed
from pmdaemon.config.field_table import FIELDS
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import AppSpec, Schedule, WatchPolicy
from pmdaemon.core.wording import shown

CHANGEABLE: Mapping[str, str] = {
    field.name: field.into
    for field in FIELDS
    if field.into.partition(".")[0]
    in {"tcp_ports", "max_memory", "restart", "stop", "ready", "logs", "limits"}
}
"""The fields that can be changed by themselves, with where in an `AppSpec` they are.

What an app is, and what is run, is declared as a whole.
"""


_WATCHING = frozenset({"watch", "ignore_watch", "watch_delay"})


def changed(
    spec: AppSpec, options: Mapping[str, object], environment: Mapping[str, str] | None
) -> AppSpec:
    """Declare an app anew: `options` by name, and the `environment` that it inherits from now on.

    Variables under `env` are added to those that there are.

    Raises:
        InvalidInput: a value cannot be used, or this cannot be changed so.

    """
    reading = Reading(said={}, values={}, problems=[], warnings=[])
    read_fields(reading, options)
    if reading.problems or reading.warnings:
        raise reading.as_one() if reading.problems else InvalidInput(reading.warnings[0])
    if environment is not None:
        spec = replace(spec, inherited_env=scrubbed(environment))
    for name, value in reading.values.items():
        if name == "env":
            spec = replace(spec, env={**spec.env, **value})
            continue
        if name in _WATCHING or name == "cron_restart":
            continue
        if name not in CHANGEABLE:
            raise InvalidInput(f"this cannot be changed by itself: {shown(name)}", field=name)
        spec = _with(spec, CHANGEABLE[name].split("."), value)
    if _WATCHING & reading.values.keys():
        spec = replace(spec, watch=_watching(spec, reading))
    if "cron_restart" in reading.values:
        spec = replace(spec, cron_restart=_schedule(spec, reading.values["cron_restart"]))
    return spec


def _watching(spec: AppSpec, reading: Reading) -> WatchPolicy | None:
    """Watch otherwise; what is not said of it stays as it is."""
    before = spec.watch
    if before is not None:
        usual = {"watch": before.paths, "ignore_watch": before.ignore, "watch_delay": before.delay}
        reading.values.update({k: v for k, v in usual.items() if k not in reading.values})
    wanted = watch_policy(reading, spec.cwd)
    if reading.problems:
        raise reading.as_one()
    return wanted


def _schedule(spec: AppSpec, expression: str | None) -> Schedule | None:
    zone = spec.cron_restart.timezone if spec.cron_restart is not None else None
    return Schedule(expression, zone) if expression is not None else None


def _with(spec: Any, path: list[str], value: object) -> Any:  # noqa: ANN401 - structs within structs
    name, *rest = path
    return replace(spec, **{name: _with(getattr(spec, name), rest, value) if rest else value})

"""What a command changes of a declaration that is there already."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from pmdaemon.config.app_parts import absolute
from pmdaemon.config.app_reading import Reading, read_fields
from pmdaemon.config.environment import scrubbed
from pmdaemon.config.field_kinds import FILE, PATH
from pmdaemon.config.field_table import FIELDS_BY_NAME
from pmdaemon.config.spelling import spelled
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import AppSpec, Schedule
from pmdaemon.core.wording import shown

_STAYS = frozenset({"name", "cwd", "instances", "args", "interpreter", "interpreter_args"})
"""Fields that make another app of it; the number of instances is `scale`'s affair."""


def changed(
    spec: AppSpec, options: Mapping[str, object], environment: Mapping[str, str] | None
) -> AppSpec:
    """Declare an app anew: fields by name, and the `environment` that it inherits from now on.

    Variables under `env` are added to those that there are.

    Raises:
        InvalidInput: a value cannot be used, or there is no such option.

    """
    if environment is not None:
        spec = replace(spec, inherited_env=scrubbed(environment))
    for key in options:
        if not _is_changeable(key):
            raise InvalidInput(f"this cannot be changed: {shown(key)}")
    reading = Reading()
    read_fields(reading, options)
    if reading.problems:
        raise reading.as_one()
    for name, value in reading.values.items():
        spec = _with(spec, name, value)
    return spec


def _is_changeable(key: str) -> bool:
    field = FIELDS_BY_NAME.get(spelled(key))
    if field is None or field.name in _STAYS:
        return False
    return bool(field.into) or field.name in {"env", "cron_restart"}


def _with(spec: AppSpec, name: str, value: Any) -> AppSpec:  # noqa: ANN401 - whatever its field takes
    if name == "env":
        return replace(spec, env={**spec.env, **value})
    if name == "cron_restart":
        zone = spec.cron_restart.timezone if spec.cron_restart else None
        return replace(spec, cron_restart=None if value is None else Schedule(value, zone))
    field = FIELDS_BY_NAME[name]
    if field.kind in {FILE, PATH} and value is not None:
        value = absolute(value, spec.cwd)
    return _replaced(spec, field.into.split("."), value)


def _replaced(struct: Any, path: list[str], value: object) -> Any:  # noqa: ANN401 - a struct, or a part of one
    first, *others = path
    if others:
        value = _replaced(getattr(struct, first), others, value)
    return msgspec.structs.replace(struct, **{first: value})

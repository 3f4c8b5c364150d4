"""Choosing among the apps of a file, and among the environments of an app, before they are read."""

from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.config.command import default_name
from pmdaemon.config.field_table import FIELDS_BY_NAME, NAMED_ENVIRONMENT
from pmdaemon.config.field_values import words
from pmdaemon.config.interpolation import interpolated
from pmdaemon.config.spelling import spelled
from pmdaemon.core.errors import InvalidInput, PmdaemonError
from pmdaemon.core.wording import shown

App = dict[str, Any]


def names_of(apps: Sequence[App], variables: Mapping[str, str] | None) -> list[str]:
    """Say how apps will be called, with `variables` put in, if there are any."""
    return [_name(app, variables) for app in apps]


def chosen(
    apps: Sequence[App], only: Sequence[str], path: str, variables: Mapping[str, str] | None
) -> list[App]:
    """Leave out all apps but those of these names.

    Raises:
        InvalidInput: there is none of one of them.

    """
    names = names_of(apps, variables)
    for wanted in only:
        if wanted not in names:
            there = ", ".join(map(shown, names))
            message = f"there is no app {shown(wanted)} in {shown(path)} (but {there})"
            raise InvalidInput(message, name=shown(wanted))
    return [app for app, name in zip(apps, names, strict=True) if name in only]


def with_environment(apps: Sequence[App], env_name: str, path: str) -> tuple[list[App], list[str]]:
    """Lay the variables under `env_<name>` over those under `env`.

    Beside the apps, says so when none of them has such an environment: as with PM2, that is no
    fault, since others may be started with the same words.
    """
    key = NAMED_ENVIRONMENT + env_name
    known = {
        spelled(each)
        for app in apps
        for each in app
        if spelled(each).startswith(NAMED_ENVIRONMENT) and spelled(each) not in FIELDS_BY_NAME
    }
    if spelled(key) in known:
        return [_overlaid(app, {key, spelled(key)}) for app in apps], []
    there = ", ".join(sorted(shown(each) for each in known)) or "none"
    return list(apps), [f"no app in {shown(path)} has {shown(key)} (there: {there})"]


def _overlaid(app: App, keys: set[str]) -> App:
    result = {key: value for key, value in app.items() if key not in keys}
    for key, value in app.items():
        if (key in keys or spelled(key) in keys) and value is not None:
            base = result.get("env")
            if isinstance(base, Mapping) and isinstance(value, Mapping):
                result["env"] = {**base, **value}
            else:
                result["env"] = value if base is None else [*_each(base), *_each(value)]
            result.pop(key, None)
    return result


def _each(variables: object) -> list[object]:
    """Make a list of variables, to put it together with another: in a list, a text is one."""
    try:
        return [*words(variables)] if isinstance(variables, str) else [variables]
    except InvalidInput:
        return [variables]  # what is wrong with it is found when it is read


def _name(app: App, variables: Mapping[str, str] | None) -> str:
    """Say how an app will be called; what is wrong with it is found when it is read."""

    def text(*names: str) -> str:
        value = next((app[key] for key in app if spelled(key) in names and app[key]), "")
        if not isinstance(value, str):
            return shown(value)
        try:
            return str(value if variables is None else interpolated(value, variables))
        except PmdaemonError:
            return value

    script = FIELDS_BY_NAME["script"]
    name = text("name") or default_name(text(script.name, *script.aliases), text("cwd") or ".")
    prefix = text("name_prefix")
    return f"{prefix}:{name}" if prefix else name

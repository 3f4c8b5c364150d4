"""Ecosystem files as they are named on the command line."""

from pathlib import Path
from typing import Any

from pmdaemon.cli.errors import WrongUsage
from pmdaemon.config import ecosystem
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

DEFAULT_NAMES = ("ecosystem.config.toml", "ecosystem.toml", "ecosystem.json")
"""What is looked for, in this order, where none is named."""


def is_file_of_apps(text: str) -> bool:
    """Tell an ecosystem file from a command that happens to end like one: `cat data.json`."""
    return ecosystem.is_ecosystem_file(text) and (" " not in text or Path(text).is_file())


def default_file(cwd: str) -> str:
    """Find the ecosystem file of a directory.

    Raises:
        WrongUsage: there is none, so there is nothing to start.

    """
    for name in DEFAULT_NAMES:
        if Path(cwd, name).is_file():
            return name
    raise WrongUsage(
        f"nothing to start: name a program, or have an {DEFAULT_NAMES[1]} here;"
        " see pmdaemon start --help"
    )


def apps_of(
    path: str, *, only: str | None = None, env_name: str | None = None
) -> list[dict[str, Any]]:
    """Read the apps of a file.

    Args:
        path: The file.
        only: Names, with commas between; the others are left out.
        env_name: Lay the variables under `env_<name>` over those under `env`.

    Raises:
        PmdaemonError: the file cannot be used, or does not have what is asked for.

    """
    apps = ecosystem.load(path)
    if only is not None:
        apps = _chosen(apps, [name.strip() for name in only.split(",")], path)
    if env_name is not None:
        _overlay(apps, f"env_{env_name}", path)
    return apps


def folder_of(path: str) -> str:
    """Return what relative paths in a file are relative to: its own folder."""
    return str(Path(path).absolute().parent)


def _chosen(apps: list[dict[str, Any]], names: list[str], path: str) -> list[dict[str, Any]]:
    known = [app.get("name") for app in apps]
    for name in names:
        if name not in known:
            raise InvalidInput(f"there is no app {shown(name)} in {shown(path)}", name=name)
    return [app for app in apps if app.get("name") in names]


def _overlay(apps: list[dict[str, Any]], key: str, path: str) -> None:
    if not any(key in app for app in apps):
        raise InvalidInput(f"no app in {shown(path)} has {key}", key=key)
    for app in apps:
        chosen, base = app.pop(key, {}), app.get("env", {})
        if isinstance(chosen, dict) and isinstance(base, dict):
            app["env"] = {**base, **chosen}


def names_in(path: str) -> list[str]:
    """List the names of the apps in a file, which select their processes."""
    from pmdaemon.config.command import default_name  # noqa: PLC0415 - 10 ms that `start` saves

    apps = ecosystem.load(path)
    cwd = folder_of(path)
    return [str(app.get("name") or default_name(str(app.get("script", "")), cwd)) for app in apps]

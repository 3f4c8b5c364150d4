"""Ecosystem files as they are named on the command line."""

# Bare paths, as in `config.ecosystem`.
# ruff: noqa: PTH113, PTH118, PTH120

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pmdaemon.cli.errors import WrongUsage
from pmdaemon.client.calls import current_directory
from pmdaemon.config import ecosystem
from pmdaemon.core.errors import PmdaemonError

if TYPE_CHECKING:
    from pmdaemon.config.prox_proxy import Gateway

DEFAULT_NAMES = (
    "ecosystem.config.toml", "ecosystem.toml", "ecosystem.config.js", "ecosystem.config.cjs",
    "ecosystem.config.mjs", "ecosystem.config.json", "ecosystem.json", "ecosystem.json5",
    "ecosystem.config.yaml", "ecosystem.yaml", "ecosystem.config.yml", "ecosystem.yml",
    "prox.yaml", "prox.yml", "pup.jsonc", "pup.json",
)  # fmt: skip
"""What is looked for, in this order, where none is named; then package.json, then Procfile."""


def is_file_of_apps(text: str) -> bool:
    """Tell an ecosystem file from a command that happens to end like one: `cat data.json`."""
    return ecosystem.is_ecosystem_file(text) and (" " not in text or os.path.isfile(text))


def default_file(cwd: str) -> str:
    """Find the ecosystem file of a directory.

    Raises:
        WrongUsage: there is none.

    """
    for name in DEFAULT_NAMES:
        if os.path.isfile(os.path.join(cwd, name)):
            return name
    if _has_apps(os.path.join(cwd, ecosystem.PACKAGE)):
        return ecosystem.PACKAGE
    if os.path.isfile(os.path.join(cwd, ecosystem.PROCFILE)):
        return ecosystem.PROCFILE
    raise WrongUsage(
        "nothing is named, and there is no ecosystem file in this directory"
        " (pmdaemon init writes one)"
    )


class AppsOfFile(NamedTuple):
    """The apps of a file, how to read them, and what to warn of."""

    apps: list[dict[str, Any]]
    how: dict[str, Any]
    warnings: tuple[str, ...]
    gateway: "Gateway | None" = None


def apps_of(
    path: str,
    environment: Mapping[str, str],
    *,
    only: Sequence[str] = (),
    env_name: str | None = None,
) -> AppsOfFile:
    """Read a file.

    Args:
        path: The file; `-` for standard input.
        environment: That of the caller.
        only: Names; the other apps are left out.
        env_name: Lay the variables under `env_<name>` over those under `env`.

    Raises:
        PmdaemonError: the file cannot be used, or does not have what is asked for.

    """
    file = ecosystem.load(path, environment)
    warnings = list(file.warnings)
    apps = file.apps
    if only:
        # The table of fields, and 20 ms: not for those who take a file as it is.
        from pmdaemon.config.choosing import chosen  # noqa: PLC0415

        apps = chosen(apps, only, path, None if file.evaluated else environment)
    if env_name is not None:
        from pmdaemon.config.choosing import with_environment  # noqa: PLC0415 - as above

        apps, unknown = with_environment(apps, env_name, path)
        warnings += unknown
    how = {
        "source": path if path != ecosystem.STANDARD_INPUT else "standard input",
        "relative_to": folder_of(path),
        "interpolate": not file.evaluated,
        "env_name": env_name,
        "file": _absolute(path) if path != ecosystem.STANDARD_INPUT else None,
    }
    return AppsOfFile(apps, how, tuple(warnings), file.gateway)


def folder_of(path: str) -> str:
    """Return what relative paths in a file are relative to: its own folder."""
    return os.path.dirname(_absolute(path))


def names_in(path: str, environment: Mapping[str, str], only: Sequence[str] = ()) -> list[str]:
    """List the names of the apps in a file, which select their processes."""
    from pmdaemon.config.choosing import chosen, names_of  # noqa: PLC0415 - as above

    file = ecosystem.load(path, environment)
    variables = None if file.evaluated else environment
    apps = chosen(file.apps, only, path, variables) if only else file.apps
    return names_of(apps, variables)


def _absolute(path: str) -> str:
    """Make a path absolute, and keep a `..`: what it goes back from may be a link."""
    whole = path if path.startswith("/") else f"{current_directory()}/{path}"
    return "/" + "/".join(part for part in whole.split("/") if part not in {"", "."})


def _has_apps(path: str) -> bool:
    """Tell whether a package.json, which may be anybody's, has apps for us."""
    try:
        return os.path.isfile(path) and bool(ecosystem.load(path, {}).apps)
    except PmdaemonError:
        return False

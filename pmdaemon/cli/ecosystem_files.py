"""Ecosystem files as they are named on the command line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pmdaemon.cli.errors import WrongUsage
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
    return ecosystem.is_ecosystem_file(text) and (" " not in text or Path(text).is_file())


def default_file(cwd: str) -> str:
    """Find the ecosystem file of a directory.

    Raises:
        WrongUsage: there is none.

    """
    for name in DEFAULT_NAMES:
        if Path(cwd, name).is_file():
            return name
    if _has_apps(Path(cwd, ecosystem.PACKAGE)):
        return ecosystem.PACKAGE
    if Path(cwd, ecosystem.PROCFILE).is_file():
        return ecosystem.PROCFILE
    raise WrongUsage(
        "nothing is named, and there is no ecosystem file in this directory"
        " (pmdaemon init writes one)"
    )


class AppsOfFile(NamedTuple):
    """The apps of a file, how they are to be read, and what is to be said about it."""

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
        "file": str(Path(path).absolute()) if path != ecosystem.STANDARD_INPUT else None,
    }
    return AppsOfFile(apps, how, tuple(warnings), file.gateway)


def folder_of(path: str) -> str:
    """Return what relative paths in a file are relative to: its own folder."""
    return str(Path(path).absolute().parent)


def names_in(path: str, environment: Mapping[str, str], only: Sequence[str] = ()) -> list[str]:
    """List the names of the apps in a file, which select their processes."""
    from pmdaemon.config.choosing import chosen, names_of  # noqa: PLC0415 - as above

    file = ecosystem.load(path, environment)
    variables = None if file.evaluated else environment
    apps = chosen(file.apps, only, path, variables) if only else file.apps
    return names_of(apps, variables)


def _has_apps(path: Path) -> bool:
    """Tell whether a package.json, which may be anybody's, has apps for us."""
    try:
        return path.is_file() and bool(ecosystem.load(str(path), {}).apps)
    except PmdaemonError:
        return False

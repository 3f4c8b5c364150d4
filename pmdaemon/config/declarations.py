"""Declarations that were read once already, and are handed on whole: those of a saved list."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pmdaemon.config.file_checks import clashes
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, PmdaemonError
from pmdaemon.core.names import app_name
from pmdaemon.core.spec import AppSpec


def specs_of(declarations: Sequence[Mapping[str, Any]], *, source: str) -> list[AppSpec]:
    """Take declarations back as they were.

    Raises:
        InvalidConfiguration: one of them is none, or two cannot be there at once.

    """
    specs: dict[str, AppSpec] = {}
    problems: list[str] = []
    for index, declaration in enumerate(declarations):
        where = f"apps[{index}]"
        try:
            specs[where] = _spec(declaration)
        except PmdaemonError as error:
            problems.append(f"{where}: {error.message}")
    problems += clashes(specs)
    if problems:
        raise InvalidConfiguration(source, problems)
    return list(specs.values())


def _spec(declaration: Mapping[str, Any]) -> AppSpec:
    try:
        spec = msgspec.convert(declaration, AppSpec)
    except msgspec.ValidationError as error:
        reason = str(error)
        raise InvalidInput(f"no declaration: {reason[:1].lower()}{reason[1:]}") from error
    app_name(spec.name)
    argv = spec.command.argv
    if not argv or not argv[0].startswith("/") or not spec.cwd.startswith("/"):
        raise InvalidInput("no declaration: its program and its folder want absolute paths")
    if spec.instances < 1:
        raise InvalidInput("no declaration: it has no instances")
    return spec

"""Declarations that were read once already, and are handed on whole: those of a saved list.

What is executed is worked out anew: a list may come back later, or on another machine.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from pmdaemon.config.command import resolve
from pmdaemon.config.file_checks import clashes
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, PmdaemonError
from pmdaemon.core.names import app_name
from pmdaemon.core.spec import AppSpec
from pmdaemon.core.wording import shown


def specs_of(
    declarations: Sequence[Mapping[str, Any]], *, source: str, environment: Mapping[str, str]
) -> list[AppSpec]:
    """Take declarations back as they were; `environment` is that of the caller.

    Raises:
        InvalidConfiguration: one of them is none, or two cannot be there at once.

    """
    specs: dict[str, AppSpec] = {}
    problems: list[str] = []
    for index, declaration in enumerate(declarations):
        where = f"apps[{index}]"
        try:
            specs[where] = _spec(declaration, environment)
        except PmdaemonError as error:
            problems.append(f"{where}: {error.message}")
    problems += clashes(specs)
    if problems:
        raise InvalidConfiguration(shown(source), problems)
    return list(specs.values())


def _spec(declaration: Mapping[str, Any], environment: Mapping[str, str]) -> AppSpec:
    try:
        spec = msgspec.convert(declaration, AppSpec)
    except msgspec.ValidationError as error:
        from pmdaemon.core.misfits import misfit  # noqa: PLC0415 - only a mistake pays for it

        raise InvalidInput(f"not a declaration: {misfit(error)}") from error
    app_name(spec.name)
    if not spec.cwd.startswith("/"):
        raise InvalidInput("not a declaration: its folder needs an absolute path")
    if spec.instances < 1:
        raise InvalidInput("not a declaration: it has no instances")
    said = spec.command
    command = resolve(
        said.script,
        said.args,
        interpreter=said.interpreter,
        interpreter_args=said.interpreter_args,
        cwd=spec.cwd,
        search_path={**environment, **spec.inherited_env, **spec.env}.get("PATH", os.defpath),
    )
    return replace(spec, command=command)

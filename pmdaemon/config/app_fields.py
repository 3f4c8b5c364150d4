"""From the fields of an app to its `AppSpec`.

The names are PM2's, with its aliases and its camelCase. An app is read whole: every problem is
found and told at once. What PM2 knows and this release does not act on is told as a warning, and
so is what nobody knows.
"""

import os
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from pmdaemon.config.app_parts import (
    absolute,
    check_health_port,
    check_ports,
    check_proxy_port,
    environments,
    parts,
    usual_exec_mode,
)
from pmdaemon.config.app_reading import Reading, read_fields
from pmdaemon.config.caller import CallerEnvironment
from pmdaemon.config.command import default_name, resolve
from pmdaemon.config.file_checks import clashes, unknown_needs
from pmdaemon.config.static_sites import served
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.names import app_name
from pmdaemon.core.spec import AppSpec
from pmdaemon.core.wording import shown


class Declared(Struct, frozen=True):
    """An app that was read, and what its author should know about the text."""

    spec: AppSpec
    warnings: tuple[str, ...] = ()


def read_app(
    raw: Mapping[str, object],
    *,
    base: str,
    environment: Mapping[str, str],
    where: str = "",
    cpus: int | None = None,
    interpolate: bool = False,
    env_name: str | None = None,
    file: str | None = None,
) -> Declared:
    """Read an app as somebody declared it.

    Args:
        raw: Fields by name, as they came out of a file or a command line.
        base: The folder that a relative `cwd` is relative to, and the default for it.
        environment: That of the caller; its PATH is where programs are looked up.
        where: The path of this app in its file, as `apps[1]`; empty when there is no file.
        cpus: How many CPUs `max` instances mean; by default those of this machine.
        interpolate: Whether texts may hold `${VARIABLES}` of the environment.
        env_name: The environment that was asked for, which an app may have in its name.
        file: The path of the file that declares it.

    Raises:
        InvalidConfiguration: it cannot be run as declared; all problems are listed.
        InvalidInput: the same, when there is one problem and no file it could be in.

    """
    reading, spec = _read_app(
        raw,
        CallerEnvironment(environment),
        base=base,
        where=where,
        cpus=cpus,
        interpolate=interpolate,
        env_name=env_name,
        file=file,
    )
    if spec is None or reading.problems:
        raise reading.as_one()
    return Declared(spec, tuple(reading.warnings))


def read_apps(
    raws: Sequence[Mapping[str, object]],
    *,
    source: str,
    base: str,
    environment: Mapping[str, str],
    cpus: int | None = None,
    interpolate: bool = False,
    env_name: str | None = None,
    file: str | None = None,
    existing: Collection[str] | None = None,
) -> list[Declared]:
    """Read all apps of a file; problems of all of them are told together.

    `source` names it in sentences, `file` is its path, and `existing` are the names of the apps
    that there are besides, where that is known; for the rest see `read_app`.

    Raises:
        InvalidConfiguration: one of them cannot be run, or two cannot be there at once.

    """
    caller = CallerEnvironment(environment)
    read = [
        _read_app(
            raw,
            caller,
            base=base,
            where=f"apps[{index}]",
            cpus=cpus,
            interpolate=interpolate,
            env_name=env_name,
            file=file,
        )
        for index, raw in enumerate(raws)
    ]
    good = {reading.where: spec for reading, spec in read if spec is not None}
    problems = [sentence for reading, _ in read for sentence in reading.sentences]
    problems += clashes(good)
    if problems and existing is not None:  # alone it is refused where apps are started
        problems += unknown_needs([reading for reading, _ in read], existing)
    if problems:
        # What is missing may be there under a name that nobody knows.
        remarks = [sentence for reading, _ in read for sentence in reading.warnings]
        raise InvalidConfiguration(shown(source), [*problems, *remarks])
    return [Declared(spec, tuple(reading.warnings)) for reading, spec in read if spec is not None]


def _read_app(
    raw: Mapping[str, object],
    environment: CallerEnvironment,
    *,
    base: str,
    where: str,
    cpus: int | None,
    interpolate: bool,
    env_name: str | None,
    file: str | None,
) -> tuple[Reading, AppSpec | None]:
    """Read an app as far as that goes; without a spec, or with problems, it cannot be run."""
    reading = Reading(where)
    variables = environment.said if interpolate else None
    read_fields(reading, served(raw), cpus=cpus, variables=variables)
    return reading, _spec(reading, base, environment, env_name=env_name, file=file)


def _spec(
    reading: Reading,
    base: str,
    environment: CallerEnvironment,
    *,
    env_name: str | None,
    file: str | None,
) -> AppSpec | None:
    """Put an app together, as far as its fields could be read; problems are noted."""
    found = reading.values
    cwd = absolute(found.get("cwd", "."), base)
    declared, inherited = environments(reading, environment, cwd)
    made = parts(reading, cwd)
    if "script" not in found:
        if "script" not in reading.said:
            reading.refuse("script", InvalidInput("it is missing"))
        return None
    name = found["name"] = _name(reading, cwd, env_name)  # others may need it, come what may
    try:
        command = resolve(
            found["script"],
            found.get("args", ()),
            interpreter=found.get("interpreter"),
            interpreter_args=found.get("interpreter_args", ()),
            cwd=cwd,
            # What is not inherited is there to be looked in, even so.
            search_path=_search_path(declared, inherited, environment.said),
            found=environment.found,
        )
    except InvalidInput as error:
        about = {"cwd_not_found": "cwd", "interpreter_not_found": "interpreter"}
        reading.refuse(about.get(error.code, "script"), error)
        return None
    made.setdefault("exec_mode", usual_exec_mode(reading, command))
    check_ports(reading, made["exec_mode"])
    check_health_port(reading)
    check_proxy_port(reading)
    return AppSpec(
        name=name,
        command=command,
        cwd=cwd,
        env=declared,
        inherited_env=inherited,
        source=file,
        **made,
    )


def _search_path(*environments: Mapping[str, str]) -> str:
    return next((each["PATH"] for each in environments if "PATH" in each), os.defpath)


def _name(reading: Reading, cwd: str, env_name: str | None) -> str:
    found = reading.values
    name: str = found.get("name") or default_name(found["script"], cwd)
    if "name_prefix" in found:
        name = f"{found['name_prefix']}:{name}"
    if found.get("append_env_to_name") and env_name is not None:
        name = f"{name}-{env_name}"
    try:
        return app_name(name)
    except InvalidInput as error:
        reading.refuse("name", error)
        return name

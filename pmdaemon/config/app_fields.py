"""From the fields of an app to its `AppSpec`.

The names are PM2's, with its aliases and its camelCase. An app is read whole: every problem is
found and told at once. What PM2 knows and this release does not act on is told as a warning, and
so is what nobody knows.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from pmdaemon.config import field_values as values
from pmdaemon.config.command import default_name, resolve
from pmdaemon.config.environment import scrubbed
from pmdaemon.config.field_table import FIELDS_BY_NAME, remark
from pmdaemon.core import tcp_ports
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, PmdaemonError
from pmdaemon.core.spec import (
    AppSpec,
    Command,
    LogPolicy,
    RestartPolicy,
    StopPolicy,
)
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.core.wording import shown

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


class Declared(Struct, frozen=True):
    """An app that was read, and what its author should know about the text."""

    spec: AppSpec
    warnings: tuple[str, ...] = ()


class _Reading(Struct, frozen=True):
    """One app while it is read.

    `said` are the keys by which fields were given, `values` what could be read of them.
    """

    where: str = ""
    said: dict[str, str] = {}
    values: dict[str, Any] = {}
    problems: list[tuple[str, PmdaemonError]] = []
    warnings: list[str] = []

    def path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def refuse(self, key: str, error: PmdaemonError) -> None:
        self.problems.append((self.path(key), error))


def read_app(
    raw: Mapping[str, object],
    *,
    base: str,
    environment: Mapping[str, str],
    where: str = "",
    cpus: int | None = None,
) -> Declared:
    """Read an app as somebody declared it.

    Args:
        raw: Fields by name, as they came out of a file or a command line.
        base: The folder that a relative `cwd` is relative to, and the default for it.
        environment: That of the caller; its PATH is where programs are looked up.
        where: The path of this app in its file, as `apps[1]`; empty when there is no file.
        cpus: How many CPUs `max` instances mean; by default those of this machine.

    Raises:
        InvalidConfiguration: it cannot be run as declared; all problems are listed.
        InvalidInput: the same, when there is one problem and no file it could be in.

    """
    reading = _Reading(where)
    _read_fields(reading, raw, cpus)
    spec = _spec(reading, base, environment)
    if spec is None or reading.problems:
        raise _as_one(reading)
    return Declared(spec, tuple(reading.warnings))


def read_apps(
    raws: Sequence[Mapping[str, object]],
    *,
    source: str,
    base: str,
    environment: Mapping[str, str],
    cpus: int | None = None,
) -> list[Declared]:
    """Read all apps of a file; problems of all of them are told together.

    Raises:
        InvalidConfiguration: one of them cannot be run, or two have the same name.

    """
    declared: list[Declared] = []
    problems: list[str] = []
    places: dict[str, str] = {}
    for index, raw in enumerate(raws):
        where = f"apps[{index}]"
        try:
            app = read_app(raw, base=base, environment=environment, where=where, cpus=cpus)
        except InvalidConfiguration as error:
            problems += error.problems
            continue
        declared.append(app)
        first = places.setdefault(app.spec.name, where)
        if first != where:
            problems.append(f"{where}.name: {shown(app.spec.name)} is the name of {first} already")
    if problems:
        raise InvalidConfiguration(source, problems)
    return declared


def _read_fields(reading: _Reading, raw: Mapping[str, object], cpus: int | None) -> None:
    for key, value in raw.items():
        spelling = _CAPITAL.sub(r"_\1", key).lower()
        known = FIELDS_BY_NAME.get(spelling)
        if known is None:
            reading.warnings.append(f"{reading.path(shown(key))}: {remark(spelling)}")
        elif value is not None:
            read = partial(values.instances, cpus=cpus) if known.name == "instances" else known.read
            _read_field(reading, known.name, key, read, value)


def _read_field(
    reading: _Reading, name: str, key: str, read: Callable[[object], Any], value: object
) -> None:
    first = reading.said.setdefault(name, key)
    try:
        result = read(value)
    except PmdaemonError as error:
        reading.refuse(key, error)
        return
    if reading.values.setdefault(name, result) != result:
        message = f"it says something else than {first}, and both mean {name}"
        reading.refuse(key, InvalidInput(message))


def _spec(reading: _Reading, base: str, environment: Mapping[str, str]) -> AppSpec | None:
    """Put an app together, as far as its fields could be read; problems are noted."""
    found = reading.values
    cwd = os.path.normpath(os.path.join(base, os.path.expanduser(found.get("cwd", "."))))  # noqa: PTH111, PTH118 -- text in, text out
    inherited = _inherited(reading, environment)
    _check_ports(reading)
    if "script" not in found:
        if "script" not in reading.said:
            reading.refuse("script", InvalidInput("it is missing"))
        return None
    if "name" not in found:
        found["name"] = default_name(found["script"], cwd)
    try:
        command = resolve(
            found["script"],
            found.get("args", ()),
            interpreter=found.get("interpreter"),
            interpreter_args=found.get("interpreter_args", ()),
            cwd=cwd,
            search_path={**inherited, **found.get("env", {})}.get("PATH", os.defpath),
        )
    except InvalidInput as error:
        about = {"cwd_not_found": "cwd", "interpreter_not_found": "interpreter"}
        reading.refuse(about.get(error.code, "script"), error)
        return None
    return _assembled(found, command, cwd, inherited)


def _inherited(reading: _Reading, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return what was noted down with the app, or else what the caller has."""
    if "inherited_env" in reading.values:
        noted: Mapping[str, str] = reading.values["inherited_env"]
        return noted
    try:
        return scrubbed(values.variables(environment))
    except InvalidInput as error:
        reading.refuse("environment", error)
        return {}


def _check_ports(reading: _Reading) -> None:
    ports: TcpPorts | None = reading.values.get("port")
    instances: int = reading.values.get("instances", 1)
    if ports is not None and ports.count < instances:
        last = min(ports.first + instances - 1, tcp_ports.LAST_TCP_PORT)
        wanted = TcpPorts(ports.first, last, auto=ports.auto)
        message = f"{instances} instances need a range of as many TCP ports (as {wanted})"
        reading.refuse("port", InvalidInput(message, code="tcp_ports_too_few"))


def _assembled(
    found: Mapping[str, Any], command: Command, cwd: str, inherited: Mapping[str, str]
) -> AppSpec:
    def given(**names: str) -> dict[str, Any]:
        """Pick what was said, so that the rest has its defaults."""
        return {to: found[name] for to, name in names.items() if name in found}

    return AppSpec(
        name=found.get("name") or default_name(command.script, cwd),
        command=command,
        cwd=cwd,
        inherited_env=inherited,
        **given(
            namespace="namespace",
            instances="instances",
            tcp_ports="port",
            env="env",
            max_memory="max_memory_restart",
        ),
        restart=RestartPolicy(
            **given(
                autorestart="autorestart",
                max_restarts="max_restarts",
                min_uptime="min_uptime",
                restart_delay="restart_delay",
                stop_exit_codes="stop_exit_codes",
            )
        ),
        stop=StopPolicy(**given(signal="stop_signal", grace="kill_timeout")),
        logs=LogPolicy(
            **given(
                max_size="log_max_size",
                keep="log_keep",
                max_age="log_max_age",
                compress="log_compress",
            )
        ),
    )


def _as_one(reading: _Reading) -> PmdaemonError:
    if not reading.where and len(reading.problems) == 1:
        path, error = reading.problems[0]
        if error.code != InvalidInput.code:
            # What has a code of its own says what it is about.
            return error
        return InvalidInput(f"{path}: {error.message}", field=path)
    return InvalidConfiguration(reading.where or "the app", _sentences(reading))


def _sentences(reading: _Reading) -> list[str]:
    return [f"{path}: {error.message}" for path, error in reading.problems]

"""`validate`."""

import json as json_module
from pathlib import Path, PurePath
from typing import Any

import click

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.ecosystem_files import default_file
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, only_option
from pmdaemon.cli.render.text import harmless
from pmdaemon.cli.starting import read_file
from pmdaemon.client.calls import current_directory
from pmdaemon.config.app_fields import Declared, read_apps
from pmdaemon.core.errors import InvalidConfiguration

SETTINGS = "settings.toml"
"""What the settings of a home are called, and no ecosystem file is."""


@command_named("validate")
@click.argument("file", required=False)
@click.option("--env", "env_name", metavar="NAME", help="Apply the variables of env_NAME.")
@only_option
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option(
    "--schema", is_flag=True, help="Print the JSON Schema of ecosystem files, for editors."
)
@json_option
def command(
    context: Context,
    file: str | None,
    *,
    env_name: str | None,
    only: tuple[str, ...],
    strict: bool,
    schema: bool,
    json: bool,
) -> None:
    """Check an ecosystem file, or the settings.toml of a home, and start nothing.

    All faults are shown, each with its place. Without FILE, the ecosystem file of this directory
    is checked.
    """
    if schema:
        if file is not None:
            raise WrongUsage(f"--schema is about all files, and not about {file}")
        from pmdaemon.config.ecosystem_schema import ecosystem_schema  # noqa: PLC0415 - rare

        print(json_module.dumps(ecosystem_schema(), indent=None if json else 2))
        return
    path = file or default_file(current_directory())
    if PurePath(path).name == SETTINGS:
        _check_settings(path, strict=strict, json=json)
        return
    read = read_file(context, path, only=only, env_name=env_name)
    declared = read_apps(
        read.apps,
        source=read.how["source"],
        base=read.how["relative_to"],
        environment=context.environment_to_send(),
        interpolate=read.how["interpolate"],
        env_name=env_name,
    )
    warnings = [sentence for one in declared for sentence in one.warnings]
    if strict and (remarks := [*read.warnings, *warnings]):
        raise InvalidConfiguration(read.how["source"], remarks)
    for sentence in warnings:
        warn(sentence)
    if json:
        say_json(
            {"apps": [one.spec.name for one in declared], "warnings": [*read.warnings, *warnings]}
        )
        return
    for one in declared:
        print(_line(one))
    print(f"{harmless(read.how['source'])} can be started: {_counted(len(declared))}")


def _check_settings(path: str, *, strict: bool, json: bool) -> None:
    from pmdaemon.config.settings import read_settings  # noqa: PLC0415 - for few

    if not Path(path).exists():
        raise InvalidConfiguration(path, ["there is no such file"])
    remarks = [*read_settings(path).remarks]
    if strict and remarks:
        raise InvalidConfiguration(path, remarks)
    for sentence in remarks:
        warn(sentence)
    say_json({"warnings": remarks}) if json else print(f"{harmless(path)} can be used")


def _line(declared: Declared) -> str:
    spec = declared.spec
    facts: list[Any] = [f"{harmless(spec.name)}: {harmless(' '.join(spec.command.argv))}"]
    if spec.instances > 1:
        facts.append(f"{spec.instances} instances")
    if spec.tcp_ports is not None:
        facts.append(f"port {spec.tcp_ports}")
    return ", ".join(facts)


def _counted(apps: int) -> str:
    return "1 app" if apps == 1 else f"{apps} apps"

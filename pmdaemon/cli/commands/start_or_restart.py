"""`startOrRestart`."""

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, only_option
from pmdaemon.cli.starting import start_file


@command_named("startOrRestart")
@click.argument("file", metavar="FILE")
@click.option("--env", "env_name", metavar="NAME", help="Apply the variables of env_NAME.")
@only_option
@json_option
def command(
    context: Context, file: str, *, env_name: str | None, only: tuple[str, ...], json: bool
) -> None:
    """Start the apps of an ecosystem file; those that run are restarted as it declares them now."""
    views = start_file(context, file, only=only, env_name=env_name, quiet=json)
    if json:
        say_json(views)
    else:
        show_list(context, json=False)

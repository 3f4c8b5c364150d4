"""`startOrReload`."""

import click

from pmdaemon.cli.actions import called
from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, only_option
from pmdaemon.cli.render.processes import status_word
from pmdaemon.cli.starting import read_file, start_apps


@command_named("startOrReload")
@click.argument("file", metavar="FILE")
@click.option("--env", "env_name", metavar="NAME", help="Apply the variables of env_NAME.")
@only_option
@json_option
def command(
    context: Context, file: str, *, env_name: str | None, only: tuple[str, ...], json: bool
) -> None:
    """Start the apps of an ecosystem file; those that run are reloaded as it declares them now.

    A reload has no downtime: a new run is started beside the old one, and takes its place once it
    is ready. An app that cannot run beside itself is restarted.
    """
    read = read_file(context, file, only=only, env_name=env_name)
    views = start_apps(context, read, existing="reload", quiet=True)
    if json:
        say_json(views)
        return
    for view in views:
        print(f"{called(view)} is {status_word(view['state'])}")
    show_list(context, json=False)

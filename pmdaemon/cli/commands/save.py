"""`save`."""

import click

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("save")
@click.option("--force", is_flag=True, help="Save the list even if it is empty.")
@json_option
def command(context: Context, *, force: bool, json: bool) -> None:
    """Save the list to dump.pm2 in the home, in PM2's format, for `resurrect`.

    The daemon remembers its list without this. A saved list is a state to come back to, or to take
    to another machine. It contains environments, and only you can read it.
    """
    saved = context.client().save(force=force)
    if not saved["written"]:
        warn("the list is empty, and what was saved before stays; to save it anyway: --force")
    if json:
        say_json(saved)
    elif saved["written"]:
        number = saved["processes"]
        processes = "1 process" if number == 1 else f"{number} processes"
        print(f"saved {processes} to {saved['path']}")

"""`import`."""

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option

SOURCES = ("pm2", "pup", "prox", "supervisor")


@command_named("import")
@click.argument("source", metavar="|".join(SOURCES), type=click.Choice(SOURCES))
@click.option(
    "--from",
    "place",
    metavar="PATH",
    help="Home of PM2 (default $PM2_HOME, or ~/.pm2), or the file of another, or its folder.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be imported, and change nothing.")
@json_option
def command(context: Context, *, source: str, place: str | None, dry_run: bool, json: bool) -> None:
    """Import the programs of PM2, Pup, prox or supervisor, without changing anything of theirs.

    From PM2, these are the programs of its daemon, or those in its dump.pm2 if it is not running,
    and the values of pm2 set. From the others, it is what their file declares: pup.jsonc or
    pup.json, prox.yaml, or supervisord.conf, which may also be in /etc.

    While the other manager is running, apps are only listed, not started, because two of each would
    get in each other's way; you are told how to switch. Otherwise, what was up is started. Apps
    that exist already are left alone.
    """
    if source == "pm2":
        from pmdaemon.cli.imports import pm2  # noqa: PLC0415 - one of the two is enough

        pm2.take_over(context, place, dry_run=dry_run, json=json)
    else:
        from pmdaemon.cli.imports import projects  # noqa: PLC0415 - as above

        projects.take_over(context, source, place, dry_run=dry_run, as_json=json)

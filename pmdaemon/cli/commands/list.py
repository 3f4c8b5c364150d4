"""`list`."""

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.ordering import FIELDS, in_order
from pmdaemon.cli.render.blocks import process_blocks
from pmdaemon.cli.render.processes import process_table
from pmdaemon.cli.watching import watch


@command_named("list")
@click.option(
    "--sort",
    metavar="FIELD[:asc|desc]",
    help=f"Sort by: {', '.join(FIELDS)}.",
)
@click.option(
    "-m", "--mini-list", is_flag=True, help="Print a few lines per process instead of a table."
)
@click.option("--watch", "watching", is_flag=True, help="Refresh every second, until Ctrl-C.")
@json_option
def command(
    context: Context, *, sort: str | None, mini_list: bool, watching: bool, json: bool
) -> None:
    """List all processes."""
    in_order([], sort)  # refused before anything is asked for

    def draw() -> str:
        views = in_order(context.client(start=not watching).list(), sort)
        return process_blocks(views) if mini_list else process_table(views, context.terminal)

    if json:
        if watching or mini_list:
            raise WrongUsage("--json cannot be used with --watch or --mini-list")
        views = context.client().list()
        say_json(views if sort is None else in_order(views, sort))
    elif watching:
        context.client().ping()
        watch(context, draw)
    else:
        print(draw())

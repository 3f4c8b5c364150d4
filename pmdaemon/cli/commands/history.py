"""`history`."""

import click

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument
from pmdaemon.cli.render.runs import runs_table


@command_named("history")
@selectors_argument(required=False)
@click.option(
    "-n",
    "--lines",
    "limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many of the latest runs to list.",
)
@json_option
def command(context: Context, selectors: tuple[str, ...], *, limit: int, json: bool) -> None:
    """List the latest runs of jobs: when, how long, and how they ended.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    runs = context.client().history(*selectors, limit=limit)
    say(runs, runs_table(runs, context.terminal) if runs else "no job has run yet", json=json)

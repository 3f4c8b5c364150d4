"""`ping`."""

import click

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("ping")
@click.option("--no-start", is_flag=True, help="Fail (status 4) instead of starting the daemon.")
@json_option
def command(context: Context, *, no_start: bool, json: bool) -> None:
    """Check that the daemon answers, and start it if it is not running."""
    answer = context.client(start=not no_start).ping()
    say(
        answer,
        f"pong: pmdaemon {answer['version']}, pid {answer['pid']}, home {answer['home']}",
        json=json,
    )

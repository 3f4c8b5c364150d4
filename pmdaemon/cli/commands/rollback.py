"""`rollback`."""

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("rollback")
@click.argument("project")
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option("--detach", is_flag=True, help="Return without waiting until it is live.")
@json_option
def command(
    context: Context, project: str, number: int | None, *, detach: bool, json: bool
) -> None:
    """Run the release of an earlier deployment of PROJECT again; by default, the previous one.

    Nothing is fetched or built. It runs with the commands it had then, and the current variables.
    """
    from pmdaemon.cli.deploying import see_through  # noqa: PLC0415 - colours

    asked = context.client().deployments.rollback(project, number)
    see_through(context, asked, detach=detach, json=json)

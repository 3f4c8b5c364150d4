"""`deployments`."""

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("deployments")
@click.argument("project", required=False)
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option("--cancel", is_flag=True, help="End it, while it waits or is built.")
@click.option(
    "-n",
    "--lines",
    "limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many of the latest to list.",
)
@json_option
def command(
    context: Context,
    project: str | None,
    number: int | None,
    *,
    cancel: bool,
    limit: int,
    json: bool,
) -> None:
    """List deployments, of PROJECT if one is named; with NUMBER, show one and its log.

    A release in parentheses is not kept any more: there is no going back to it.
    """
    from pmdaemon.cli.deploying import follow  # noqa: PLC0415 - as below
    from pmdaemon.cli.render.deployments import (  # noqa: PLC0415 - tables
        deployment_lines,
        deployments_table,
    )

    deployments = context.client().deployments
    if cancel:
        if project is None:
            raise click.UsageError("say which project's deployment is to be ended")
        ended = deployments.cancel(project, number)
        say_json(ended) if json else print(f"cancelled deployment {ended['number']}")
    elif project is not None and number is not None:
        one = deployments.get(project, number)
        if json:
            say_json(one)
            return
        print("\n".join(deployment_lines(one)))
        follow(context, one, quiet=False)
    else:
        result = deployments.list(project, limit=limit)
        if json:
            say_json(result)
        elif result["deployments"]:
            print(deployments_table(result["deployments"], context.terminal))
        else:
            print("nothing has been deployed yet")

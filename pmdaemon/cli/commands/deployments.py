"""`deployments`."""

from typing import Literal

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option

Act = Literal["cancel", "restart", "promote", "stop", "remove"]

DONE = {"cancel": "cancelled", "stop": "stopped", "remove": "removed"}

SHOW = "show"


@command_named("deployments")
@click.argument("words", nargs=-1, metavar="[PROJECT [NUMBER] | ID]")
@click.option(
    "--cancel", "act", flag_value="cancel", help="Cancel it, while it is queued or being built."
)
@click.option("--restart", "act", flag_value="restart", help="Restart it without downtime.")
@click.option("--promote", "act", flag_value="promote", help="Make it the live one.")
@click.option("--stop", "act", flag_value="stop", help="Stop its programs.")
@click.option(
    "--remove", "act", flag_value="remove", help="Delete it with its log and its release."
)
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
    context: Context, words: tuple[str, ...], *, act: Act | None, limit: int, json: bool
) -> None:
    """List deployments, of PROJECT or all; with NUMBER or an ID, show one with its log.

    A release in parentheses is no longer kept, so you cannot roll back to it. Without NUMBER,
    options act on the latest deployment of PROJECT.
    """
    project, number = _named(words)
    if act is not None:
        if project is None:
            raise WrongUsage("say which project's deployment is meant")
        _act(context, act, project, number, json=json)
    elif project is not None and (number is not None or words[0] == SHOW or _is_id(project)):
        _show(context, project, number, json=json)
    else:
        _list(context, project, limit, json=json)


def _named(words: tuple[str, ...]) -> tuple[str | None, int | None]:
    """Read what is named; the word `show` may stand before it."""
    rest = words[1:] if len(words) > 1 and words[0] == SHOW else words
    match rest:
        case ():
            return None, None
        case (project,):
            return project, None
        case (project, text) if text.isdecimal() and len(text) < 19 and (number := int(text)):
            return project, number
        case _:
            raise WrongUsage("say PROJECT, PROJECT and NUMBER, or ID")


def _is_id(word: str) -> bool:
    from pmdaemon.client.deployments import ID  # noqa: PLC0415 - for who names one

    return ID.fullmatch(word) is not None


def _act(context: Context, act: Act, project: str, number: int | None, *, json: bool) -> None:
    deployments = context.client().deployments
    match act:
        case "restart" | "promote":
            from pmdaemon.cli.deploying import see_through  # noqa: PLC0415 - colours

            asked = getattr(deployments, act)(project, number)
            see_through(context, asked, detach=False, json=json)
        case _:
            done = getattr(deployments, act)(project, number)
            say_json(done) if json else print(f"{DONE[act]} deployment {done['number']}")


def _show(context: Context, project: str, number: int | None, *, json: bool) -> None:
    from pmdaemon.cli.deploying import follow  # noqa: PLC0415 - as below
    from pmdaemon.cli.render.deployments import deployment_lines  # noqa: PLC0415 - tables

    one = context.client().deployments.get(project, number)
    if json:
        say_json(one)
        return
    print("\n".join(deployment_lines(one)))
    follow(context, one, quiet=False)


def _list(context: Context, project: str | None, limit: int, *, json: bool) -> None:
    from pmdaemon.cli.render.deployments import deployments_table  # noqa: PLC0415 - as above

    result = context.client().deployments.list(project, limit=limit)
    if json:
        say_json(result)
    elif result["deployments"]:
        print(deployments_table(result["deployments"], context.terminal))
    else:
        print("nothing has been deployed yet")

"""`trigger`."""

import json as json_text
from collections.abc import Mapping, Sequence
from typing import Any

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import complete_names, json_option
from pmdaemon.cli.render.text import harmless


@command_named("trigger")
@click.argument("selector", shell_complete=complete_names)
@click.argument("action")
@click.argument("params", required=False)
@json_option
def command(
    context: Context, selector: str, action: str, params: str | None, *, json: bool
) -> None:
    """Run an ACTION that Node programs offer, and print their answers.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    replies = context.client(patience=60.0).trigger(action, selector, params=params)
    if json:
        say_json(replies)
        return
    say_answers(replies)


def say_answers(replies: Sequence[Mapping[str, Any]]) -> None:
    """Print who answered what, as PM2 does."""
    for reply in replies:
        where = f"{reply['name']}:{reply['pm_id']}:{reply['namespace']}"
        value = json_text.dumps(reply["value"], separators=(",", ":"), ensure_ascii=False)
        print(f"[{harmless(where)}]={harmless(value)}")

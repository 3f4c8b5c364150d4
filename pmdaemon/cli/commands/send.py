"""`send`."""

from functools import partial

import click

from pmdaemon.cli.actions import act
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import complete_names, json_option


@command_named("send")
@click.argument("selector", shell_complete=complete_names)
@click.argument("line")
@json_option
def command(context: Context, selector: str, line: str, *, json: bool) -> None:
    """Write a line to the standard input of a program that was started with --stdin.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    act(context, partial(context.client().send_line, line), [selector], "sent to", json=json)

"""`list`."""

from pmdaemon.cli.context import Context
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("list")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Show all processes."""
    show_list(context, json=json)

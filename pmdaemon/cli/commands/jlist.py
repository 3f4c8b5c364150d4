"""`jlist`."""

from pmdaemon.cli.context import Context
from pmdaemon.cli.listing import show_jlist
from pmdaemon.cli.options import command as command_named


@command_named("jlist")
def command(context: Context) -> None:
    """Print the list as PM2's JSON, on one line."""
    show_jlist(context)

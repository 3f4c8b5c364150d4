"""`prettylist`."""

from pmdaemon.cli.context import Context
from pmdaemon.cli.listing import entries_of
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.render.inspect_form import inspected


@command_named("prettylist")
def command(context: Context) -> None:
    """Print the list as a JavaScript value, as PM2 does."""
    print(inspected(entries_of(context)))

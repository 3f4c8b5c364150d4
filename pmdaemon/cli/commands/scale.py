"""`scale`."""

import click

from pmdaemon.cli.actions import tell
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import complete_names, json_option


class ScaleCommand(click.Command):
    """Takes `-1` for a number, and not for an option."""

    ignore_unknown_options = True


@command_named("scale", cls=ScaleCommand)
@click.argument("name", metavar="NAME", shell_complete=complete_names)
@click.argument("count", metavar="COUNT")
@json_option
def command(context: Context, name: str, count: str, *, json: bool) -> None:
    """Run more or fewer instances of an app.

    COUNT is how many are to be up: 4, or +2 or -1 for so many more or fewer than now. The highest
    instances go first. With 0, all are stopped, and instance 0 stays in the list.
    """
    result = context.ask("scale", {"name": name, "count": count})
    tell(context, result, "up", json=json)

"""`scale`."""

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import Command, complete_names, json_option
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.render.text import harmless


class ScaleCommand(Command):
    """Takes `-1` for a number, and not for an option."""

    ignore_unknown_options = True


@command_named("scale", cls=ScaleCommand)
@click.argument("name", metavar="NAME", shell_complete=complete_names)
@click.argument("count", metavar="COUNT")
@json_option
def command(context: Context, name: str, count: str, *, json: bool) -> None:
    """Change how many instances of an app run.

    COUNT is the number of instances: 4, or +2 or -1 to add or remove some. The highest instances
    are removed first. With 0 all are stopped, and instance 0 stays in the list.
    """
    views = context.client().scale(name, count)
    if json:
        say_json(views)
        return
    up = sum(view["wish"] == "up" for view in views)
    print(f"{harmless(name)} has {up} instance{'' if up == 1 else 's'} up")
    show_list(context, json=False)

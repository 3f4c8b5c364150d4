"""`env`."""

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import complete_names, json_option
from pmdaemon.cli.render.text import harmless


@command_named("env")
@click.argument("selector", shell_complete=complete_names)
@json_option
def command(context: Context, selector: str, *, json: bool) -> None:
    """Show the environment that a process is started with, secrets included.

    SELECTOR is an id, a name or name:instance.
    """
    variables = context.client().env(selector)
    if json:
        say_json(variables)
        return
    for name, value in sorted(variables.items()):
        print(f"{harmless(name)}: {harmless(value)}")

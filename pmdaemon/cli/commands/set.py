"""`set`."""

import click

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.keeping import keep
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("set")
@click.argument("key")
@click.argument("value")
@json_option
def command(context: Context, key: str, value: str, *, json: bool) -> None:
    """Set a value, kept in module_conf.json in the home.

    A KEY of the form app:name or app.name sets a variable of that app, and restarts it if it runs.
    """
    keep(context, [(key, value)], quiet=json)
    say({key: value}, f"kept {key}", json=json)

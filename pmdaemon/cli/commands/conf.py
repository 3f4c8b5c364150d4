"""`conf`."""

import click

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.keeping import keep
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.render.inspect_form import inspected
from pmdaemon.client import conf_file


@command_named("conf")
@click.argument("key", required=False)
@click.argument("value", required=False)
@json_option
def command(context: Context, key: str | None, value: str | None, *, json: bool) -> None:
    """Print all values, or the value of KEY; with VALUE, set it."""
    if key is not None and value is not None:
        keep(context, [(key, value)], quiet=json)
    values = conf_file.read(context.home.conf)
    found = values if key is None else conf_file.value_of(values, key)
    say(found, found if isinstance(found, str) else inspected(found), json=json)

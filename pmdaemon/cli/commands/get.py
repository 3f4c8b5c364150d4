"""`get`."""

import click

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.render.inspect_form import inspected
from pmdaemon.client import conf_file


@command_named("get")
@click.argument("key", required=False)
@json_option
def command(context: Context, key: str | None, *, json: bool) -> None:
    """Print the value of a key, or all values."""
    values = conf_file.read(context.home.conf)
    value = values if key is None else conf_file.value_of(values, key)
    say(value, value if isinstance(value, str) else inspected(value), json=json)

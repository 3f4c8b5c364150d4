"""`unset`."""

from functools import partial

import click

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.client import conf_file


@command_named("unset")
@click.argument("key")
@json_option
def command(context: Context, key: str, *, json: bool) -> None:
    """Remove a value; all removes every value.

    An app that got it as a variable keeps it: to change that, delete and start the app.
    """
    conf_file.change(context.home.conf, partial(conf_file.without, key=key))
    say({"key": key}, f"removed {key}" if key != "all" else "removed all values", json=json)

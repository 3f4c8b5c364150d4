"""`set`."""

import click

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.keeping import keep
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("set")
@click.argument("key")
@click.argument("value")
@json_option
def command(context: Context, key: str, value: str, *, json: bool) -> None:
    """Keep a value in the home's module_conf.json.

    A KEY of two words, app:name or app.name, gives the app of that name a variable, and starts it
    anew if it runs.
    """
    keep(context, [(key, value)], quiet=json)
    if json:
        say_json({key: value})
    else:
        print(f"kept {key}")

"""`multiset`."""

import click

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.keeping import keep, pairs_of
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("multiset")
@click.argument("words", nargs=-1, required=True, metavar="KEY VALUE...")
@json_option
def command(context: Context, words: tuple[str, ...], *, json: bool) -> None:
    """Set several values at once; an app whose variables change is restarted once."""
    pairs = pairs_of(words)
    keep(context, pairs, quiet=json)
    say(dict(pairs), "\n".join(f"kept {key}" for key, _ in pairs), json=json)

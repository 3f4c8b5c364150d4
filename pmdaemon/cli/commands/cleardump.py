"""`cleardump`."""

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.client import dump_file


@command_named("cleardump")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Empty the saved list; the one before is kept as a backup, as after each save."""
    home = context.home
    home.ensure()
    dump_file.write(home.dump, [])
    say({"path": home.dump}, f"emptied {home.dump}", json=json)

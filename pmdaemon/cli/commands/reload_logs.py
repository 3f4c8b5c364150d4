"""`reloadLogs`."""

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("reloadLogs")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Reopen log files that were moved away, by logrotate for example.

    The daemon notices by itself with the next output; this is for scripts written for PM2.
    """
    views = context.client().list()
    say(views, "log files that were moved away are made anew with the next output", json=json)

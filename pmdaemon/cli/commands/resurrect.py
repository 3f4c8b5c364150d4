"""`resurrect`."""

import time

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.starting import say_outcome
from pmdaemon.client.calls import Processes
from pmdaemon.core.errors import OperationFailed


@command_named("resurrect")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Bring back the saved list.

    Apps that are missing are created, and those that were up when the list was saved are started.
    What runs is left as it is. A dump.pm2 of PM2, copied into the home, works too.
    """
    asked_at = time.monotonic()

    def say(views: Processes) -> None:
        if not json:
            say_outcome(views, time.monotonic() - asked_at)

    try:
        views = context.client().resurrect(on_started=say)
    except OperationFailed as failure:
        if not json and "failures" in failure.details:
            show_list(context, json=False)
        raise
    if json:
        say_json(views)
    else:
        show_list(context, json=False)

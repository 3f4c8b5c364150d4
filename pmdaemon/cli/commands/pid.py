"""`pid`."""

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument


@command_named("pid")
@selectors_argument(required=False)
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Print pids, one per line; 0 for a process that is down.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    pids = [view["pid"] or 0 for view in context.client().list(*selectors)]
    if json:
        say_json(pids)
        return
    for pid in pids:
        print(pid)

"""`flush`."""

from pmdaemon.cli.actions import called, expanded
from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument


@command_named("flush")
@selectors_argument(required=False)
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Empty log files, of all processes unless some are named.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    views = context.client().flush(*(expanded(context, selectors) or ["all"]))
    if json:
        say_json(views)
        return
    for view in views:
        print(f"flushed {called(view)}")

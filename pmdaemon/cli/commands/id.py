"""`id`."""

from pmdaemon.cli.context import Context, say
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument
from pmdaemon.cli.render.inspect_form import inspected
from pmdaemon.core.errors import ProcessNotFound


@command_named("id")
@selectors_argument()
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Print ids as PM2 does: [ 0, 1 ], or [] when there is none.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    try:
        ids = [view["pm_id"] for view in context.client().list(*selectors)]
    except ProcessNotFound:
        ids = []
    say(ids, inspected(ids), json=json)

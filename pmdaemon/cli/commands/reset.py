"""`reset`."""

from pmdaemon.cli.actions import act
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument


@command_named("reset")
@selectors_argument()
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Set restart counters to zero.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/, all, or an ecosystem file, for
    its apps.
    """
    act(context, context.client().reset, selectors, "reset", json=json)

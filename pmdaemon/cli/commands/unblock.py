"""`unblock`."""

from pmdaemon.cli.actions import act
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument


@command_named("unblock")
@selectors_argument()
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Allow processes to be started again; nothing is started by this.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    act(context, context.client().unblock, selectors, "unblocked", json=json)

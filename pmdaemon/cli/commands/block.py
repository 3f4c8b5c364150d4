"""`block`."""

from pmdaemon.cli.actions import act
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument


@command_named("block")
@selectors_argument()
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Keep processes from being started, by anybody or anything.

    What runs goes on running. The block holds, through crashes and reboots, until you unblock.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    act(context, context.client().block, selectors, "blocked", json=json)

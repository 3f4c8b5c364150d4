"""`restart`."""

from pmdaemon.cli.actions import act
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument


@command_named("restart")
@selectors_argument()
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Stop processes and start them anew.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/, all, or an ecosystem file for
    the apps that it names. To start those as the file declares them now: pmdaemon start FILE.
    """
    act(context, context.client().restart, selectors, "restarted", json=json)

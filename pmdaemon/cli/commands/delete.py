"""`delete`."""

from pmdaemon.cli.actions import act
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, only_option, selectors_argument


@command_named("delete")
@selectors_argument()
@only_option
@json_option
def command(
    context: Context, selectors: tuple[str, ...], *, only: tuple[str, ...], json: bool
) -> None:
    """Stop processes and forget them; their log files stay.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/, all, or an ecosystem file, for
    its apps.
    """
    act(context, context.client().delete, selectors, "deleted", json=json, only=only)

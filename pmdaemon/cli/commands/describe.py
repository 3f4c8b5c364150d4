"""`describe`."""

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument
from pmdaemon.cli.render.details import details


@command_named("describe")
@selectors_argument()
@json_option
def command(context: Context, selectors: tuple[str, ...], *, json: bool) -> None:
    """Show everything about processes.

    SELECTOR is a name, an id, a namespace, name:instance, /regex/ or all.
    """
    views = context.client().list(*selectors, detail=True)
    if json:
        say_json(views)
        return
    print("\n\n".join(details(view, context.terminal) for view in views))

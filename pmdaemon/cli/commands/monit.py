"""`monit`."""

import os
import sys

from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named


@command_named("monit")
def command(context: Context) -> None:
    """Watch processes full-screen: output, CPU and memory, with keys to restart and stop.

    Press ? for the keys.
    """
    if not (context.terminal.interactive and sys.stdin.isatty()):
        raise WrongUsage("monit needs a terminal: use pmdaemon list instead")
    context.client().ping()  # it is started, or said why it cannot be
    if context.plain:
        os.environ["NO_COLOR"] = "1"  # where textual looks
    # Takes longer to import than all other commands take together.
    from pmdaemon.cli.monit.app import Monitor  # noqa: PLC0415
    from pmdaemon.client.asynchronous import AsyncClient  # noqa: PLC0415

    client = AsyncClient(
        context.home,
        environment=context.environment,
        start=False,
        on_warning=lambda _: None,  # the screen is drawn on
    )
    Monitor(client, unicode=context.terminal.unicode).run()

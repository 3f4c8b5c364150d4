"""`signal`."""

from functools import partial

import click

from pmdaemon.cli.actions import act
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option, selectors_argument


@command_named("signal")
@click.argument("signal", metavar="SIGNAL")
@selectors_argument()
@json_option
def command(context: Context, signal: str, selectors: tuple[str, ...], *, json: bool) -> None:
    """Send a signal to the main process of each program.

    SIGNAL is a name or a number: SIGUSR2, usr2 or 12. To end programs, use stop.
    """
    action = partial(context.client().send_signal, signal)
    act(context, action, selectors, "signalled", json=json)

"""`attach`."""

import sys
import threading

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.log_printing import print_logs
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import complete_names
from pmdaemon.cli.render.log_lines import LogForm, LogStyle
from pmdaemon.client.logs import query_of


@command_named("attach")
@click.argument("selector", shell_complete=complete_names)
def command(context: Context, selector: str) -> None:
    """Talk to a program: send it what you type, and print what it prints.

    The program must have been started with --stdin. Lines are sent as you end them. Ctrl-C leaves
    the program running.
    """
    views = context.client().list(selector, detail=True)
    if len(views) != 1:
        raise WrongUsage(f"attach is for one process, and this names {len(views)}: give an id")
    [view] = views
    if not view["declaration"]["stdin"]:
        # Refused as `send` is, before anything is typed.
        context.client().send_line("", view["pm_id"])
    style = LogStyle(context.terminal, form=LogForm.RAW)
    query = query_of(lines=0)
    output = threading.Thread(
        target=print_logs,
        args=(context, [str(view["pm_id"])], query, style),
        kwargs={"go_on": True},
        daemon=True,
    )
    output.start()
    try:
        for line in sys.stdin:
            context.client(start=False).send_line(line.removesuffix("\n"), view["pm_id"])
    except KeyboardInterrupt:
        return

"""`attach`."""

import os
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.log_printing import print_logs
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import complete_names
from pmdaemon.cli.render.log_lines import LogForm, LogStyle
from pmdaemon.client.logs import query_of
from pmdaemon.control.channel import SIGNAL_DELAY
from pmdaemon.core.errors import PmdaemonError


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
    output = _Output(context, view["pm_id"])
    with suppress(KeyboardInterrupt):
        output.start()
        for line in _typed(output):
            context.client(start=False).send_line(line, view["pm_id"])
    output.leave()


class _Output(threading.Thread):
    """Prints what a process prints, beside the main thread, which reads what is typed."""

    def __init__(self, context: Context, pm_id: int) -> None:
        super().__init__(name="output", daemon=True)
        self._context = context
        self._pm_id = pm_id
        self._left = threading.Event()
        self._failure: PmdaemonError | OSError | None = None

    def run(self) -> None:
        """Print until that fails."""
        style = LogStyle(self._context.terminal, form=LogForm.RAW)
        query = query_of(lines=0)
        try:
            chosen = [str(self._pm_id)]
            print_logs(self._context, chosen, query, style, go_on=True, over=self._left)
        except (PmdaemonError, OSError) as error:
            self._failure = error

    def leave(self) -> None:
        """Stop caring about the output.

        Raises:
            PmdaemonError: the daemon has nothing more to show of the process.
            OSError: nobody reads the output.

        """
        self._left.set()
        if self._failure is not None:
            raise self._failure


def _typed(output: _Output) -> Iterator[str]:
    """Yield each line of standard input, until that ends or there is no more output.

    The last one may lack its end, but only where the input itself ends there.
    Where nothing is typed, it looks up as often as it must to heed Ctrl-C: see SIGNAL_DELAY.
    """
    keyboard = sys.stdin.fileno()
    typing = select.poll()
    typing.register(keyboard, select.POLLIN)
    begun: list[bytes] = []
    while output.is_alive():
        if not typing.poll(SIGNAL_DELAY * 1000):
            continue
        part = os.read(keyboard, 1 << 16)
        if not part:
            if any(begun):
                yield os.fsdecode(b"".join(begun))
            return
        first, *others = part.split(b"\n")
        begun.append(first)
        for line in others:
            yield os.fsdecode(b"".join(begun))
            begun = [line]

"""A run of programs in the foreground: a daemon of its own, what they print, and how it ends."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pmdaemon.cli.console import Console, Printer, View
from pmdaemon.cli.context import Context, warn
from pmdaemon.cli.exit_codes import DONE
from pmdaemon.cli.foreground import Foreground
from pmdaemon.core.errors import OperationFailed, PmdaemonError

PRINT_PATIENCE = 10.0
"""Seconds for the last output to be taken by whoever reads ours."""

Judge = Callable[[Sequence[View]], int | None]
"""Says with which status to end, seeing how all programs are; None while it is not time."""


def never(_views: Sequence[View]) -> int | None:
    """End only when somebody says so."""
    return None


def run(context: Context, printer: Printer, bring_up: Callable[[], None], *, judge: Judge) -> int:
    """Run a daemon until it is time to end, and return the status to end with."""

    def look(views: Sequence[View]) -> None:
        if (status := judge(views)) is not None:
            foreground.end_with(status)

    with Foreground(context) as foreground:
        console = Console(context, printer, judge=look, gone=lambda: foreground.end_with(DONE))
        foreground.start_daemon()
        try:
            console.know(context.client().list(), backlog=0)
            _try(bring_up)
            console.start()
            status = foreground.wait()
        finally:
            foreground.stop_everything()
            taken = console.finish(PRINT_PATIENCE)
    if not taken:
        # Whoever has our output does not read it, and flushing it, as every command does at its
        # end, would wait for that.
        sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - to the end
    return status


@contextmanager
def home_of_run(context: Context, given: str | None) -> Iterator[Context]:
    """Choose a home: the one given, that of the environment, or one for this run only."""
    chosen = given or context.environment.get("PMDAEMON_HOME")
    temporary = None if chosen else tempfile.mkdtemp(prefix="pmdaemon-")
    inside = Context({**context.environment, "PMDAEMON_HOME": chosen or str(temporary)})
    inside.plain = context.plain
    try:
        yield inside
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _try(bring_up: Callable[[], None]) -> None:
    """Bring programs up; if some do not come up, the others still run."""
    try:
        bring_up()
    except PmdaemonError as error:
        if error.code == OperationFailed.code:
            warn(error.message)
            return
        raise

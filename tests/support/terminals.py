"""Commands on a terminal of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from tests.support.cli import PATIENCE, CommandLine


@contextmanager
def on_a_terminal(
    pmdaemon: CommandLine, *arguments: str, columns: int = 80, **environment: str
) -> Iterator["pexpect.spawn[str]"]:
    """Run a command in front of somebody, who hangs up at the end of the context."""
    [program, *rest] = pmdaemon.command(*arguments)
    terminal = pexpect.spawn(
        program,
        rest,
        env=pmdaemon.environment | {"TERM": "xterm"} | environment,
        cwd=str(pmdaemon.work),
        dimensions=(24, columns),
        encoding="utf-8",
        timeout=PATIENCE,
    )
    try:
        yield terminal
    finally:
        terminal.close(force=True)


def rest_of(terminal: "pexpect.spawn[str]") -> str:
    """Read to the end of a command, which is to succeed."""
    shown = terminal.read()
    terminal.wait()  # it may have let go of the terminal, and not have ended yet
    assert terminal.exitstatus == 0, shown
    return shown

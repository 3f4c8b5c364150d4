"""A screen that is drawn again and again, until Ctrl-C."""

import os
import sys
import time
from collections.abc import Callable

from pmdaemon.cli.context import Context
from pmdaemon.core.errors import DaemonUnavailable

INTERVAL = 1.0
"""Seconds between two looks: cpu and memory change all the time, and nobody tells."""

_BEGINNING, _REST, _LINE_END = "\x1b[H", "\x1b[J", "\x1b[K\n"
"""To the upper left; clear the rest of the screen, or of the line (ECMA-48)."""


def watch(
    context: Context, draw: Callable[[], str], *, wait: Callable[[float], None] = time.sleep
) -> None:
    """Draw until Ctrl-C; a daemon that goes away is said, and waited for."""
    latest = ""
    try:
        while True:
            try:
                latest = picture = draw()
            except DaemonUnavailable as error:
                picture = f"{error.message}; waiting for it\n{latest}"
            _show(picture, context)
            wait(INTERVAL)
    except KeyboardInterrupt:
        return


def _show(picture: str, context: Context) -> None:
    if not context.terminal.interactive:
        print(f"{picture}\n", flush=True)
        return
    lines = picture.splitlines()
    room = _rows() - 1
    if len(lines) > room:
        lines = [*lines[: room - 1], f"… and {len(lines) - room + 1} more lines"]
    sys.stdout.write(_BEGINNING + _LINE_END.join(lines) + "\n" + _REST)
    sys.stdout.flush()


def _rows() -> int:
    try:
        return max(2, os.get_terminal_size(sys.stdout.fileno()).lines or 24)
    except OSError:
        return 24

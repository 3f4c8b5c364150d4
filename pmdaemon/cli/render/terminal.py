"""What the terminal can show."""

import os
from collections.abc import Mapping
from typing import TextIO

UNLIMITED = 10_000
"""Columns of an output that is not a terminal: nothing is left out for a file or a pipe."""

_CODES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34",
    "magenta": "35", "cyan": "36",
}  # fmt: skip


class Terminal:
    """An output stream as something to draw on."""

    __slots__ = ("colour", "columns", "interactive", "unicode")

    def __init__(self, *, columns: int, colour: bool, unicode: bool, interactive: bool) -> None:
        self.columns = columns
        self.colour = colour
        self.unicode = unicode
        self.interactive = interactive

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str], *, plain: bool) -> "Terminal":
        """Look at a stream; `plain` forbids colours."""
        interactive = stream.isatty()
        return cls(
            columns=_columns(stream, environment) if interactive else UNLIMITED,
            colour=not plain and _wants_colour(environment, interactive=interactive),
            unicode=(stream.encoding or "").lower().replace("-", "") == "utf8",
            interactive=interactive,
        )

    def paint(self, text: str, colour: str | None) -> str:
        """Colour a text, if there are colours."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if colour and self.colour else text


def _wants_colour(environment: Mapping[str, str], *, interactive: bool) -> bool:
    """Decide as https://no-color.org and https://force-color.org ask for."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return interactive and environment.get("TERM") != "dumb"


def _columns(stream: TextIO, environment: Mapping[str, str]) -> int:
    try:
        return int(environment["COLUMNS"])
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80

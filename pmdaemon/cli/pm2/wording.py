"""PM2's status lines."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pmdaemon.cli.context import Context
from pmdaemon.cli.render.inspect_form import inspected
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless

TICK = "✓"


class Words:
    """Says what PM2 says, unless it is told to be silent."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.silent = context.environment.get("PM2_SILENT") == "true"

    def say(self, text: str) -> None:
        """Tell what was done."""
        self.plain(f"{self._context.terminal.paint('[PM2] ', 'green')}{harmless(text)}")

    def note(self, text: str) -> None:
        """Tell what is worth knowing of what was done."""
        self.plain(f"{self._context.terminal.paint('[PM2][WARN] ', 'yellow')}{harmless(text)}")

    def warn(self, text: str) -> None:
        """Tell what is odd."""
        self._complain("[PM2][WARN] ", "yellow", text)

    def fail(self, text: str) -> None:
        """Tell what went wrong."""
        self._complain("[PM2][ERROR] ", "red", text)

    def plain(self, text: str) -> None:
        """Print something as it is."""
        if not self.silent:
            print(text)

    def applying(self, action: str, name: str, views: Sequence[Mapping[str, Any]]) -> None:
        """Tell what is about to be done, and to whom; an id that was typed stays as it was."""
        ids: list[object] = [name] if name.isdecimal() else [view["pm_id"] for view in views]
        self.plain(
            f"{self._context.terminal.paint('[PM2] ', 'green')}"
            f"Applying action {action} on app [{harmless(name)}](ids: {inspected(ids)})"
        )

    def done(self, views: Iterable[Mapping[str, Any]]) -> None:
        """Tell to whom something was done."""
        for view in views:
            self.say(f"[{view['name']}]({view['pm_id']}) {TICK}")

    def _complain(self, prefix: str, colour: str, text: str) -> None:
        if self.silent:
            return
        context = self._context
        terminal = Terminal.of(sys.stderr, context.environment, plain=context.plain)
        print(f"{terminal.paint(prefix, colour)}{harmless(text)}", file=sys.stderr)

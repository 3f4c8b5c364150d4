"""Lines of output, as `logs` prints them."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless, width
from pmdaemon.control.log_reader import LogLine
from pmdaemon.core.logs import OutputStream

_COLOURS = ("cyan", "green", "yellow", "blue", "magenta")


class LogStyle:
    """How lines are to look: bare, as JSON, or with what they come from in front.

    `|` stands before a line of stdout, `!` before one of stderr, so that they are told apart
    without colours too.
    """

    def __init__(
        self, terminal: Terminal, *, raw: bool = False, json: bool = False, timestamp: bool = False
    ) -> None:
        self._terminal = terminal
        self._raw = raw
        self._json = json
        self._timestamp = timestamp
        self._labels: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._width = 0

    def know(self, views: Sequence[Mapping[str, Any]]) -> None:
        """Learn whose lines may come, which makes the prefixes equally wide."""
        several = {view["name"] for view in views if view["instance"] > 0}
        for view in views:
            name = f"{view['name']}:{view['instance']}" if view["name"] in several else view["name"]
            self._labels[view["pm_id"]] = f"{view['pm_id']}|{harmless(name)}"
            self._names[view["pm_id"]] = view["name"]
        self._width = max(map(width, self._labels.values()), default=0)

    def line(self, line: LogLine) -> str:
        """Render a line. What the program wrote stays as it is, its own colours too."""
        pm_id = -1 if line.pm_id is None else line.pm_id
        if self._json:
            return json.dumps(
                {
                    "message": line.text,
                    "timestamp": _iso(line.time),
                    "type": line.stream.value,
                    "process_id": pm_id,
                    "app_name": self._names.get(pm_id),
                }
            )
        moment = f"{_iso(line.time) or '-':<24} " if self._timestamp else ""
        if self._raw:
            return f"{moment}{line.text}"
        is_error = line.stream is OutputStream.ERR
        label = self._labels.get(pm_id, str(pm_id))
        prefix = f"{label}{' ' * (self._width - width(label))} {'!' if is_error else '|'}"
        colour = "red" if is_error else _COLOURS[pm_id % len(_COLOURS)]
        return f"{moment}{self._terminal.paint(prefix, colour)} {line.text}"

    def change(self, pm_id: int, name: str, state: str, at: float) -> str | None:
        """Render a change of state, which only JSON has, as PM2 has it."""
        if not self._json:
            return None
        event = {"timestamp": _iso(at), "type": "process_event", "status": state}
        return json.dumps({**event, "process_id": pm_id, "app_name": name})


def _iso(seconds: float | None) -> str | None:
    """Write a moment in UTC, to the millisecond (RFC 3339)."""
    if seconds is None:
        return None
    whole, milliseconds = divmod(int(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03}Z"

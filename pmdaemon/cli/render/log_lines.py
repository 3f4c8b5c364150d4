"""Lines of output, as `logs` prints them."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Any

from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless, width
from pmdaemon.control.log_reader import LogLine
from pmdaemon.core.date_formats import format_moment
from pmdaemon.core.logs import OutputStream

_COLOURS = ("cyan", "green", "yellow", "blue", "magenta")

_MARKED = "\x1b[7m", "\x1b[27m"
"""Reverse video and its end (ECMA-48), which leave the program's own colours as they are."""


class LogForm(Enum):
    """What a line is printed as."""

    PREFIXED = auto()
    """With what it comes from in front."""

    RAW = auto()
    """As the program wrote it."""

    JSON = auto()
    """An object, with PM2's keys."""

    PAIRS = auto()
    """`key=value`, as PM2 has it for `--format`."""


WIDEST = 24
"""Columns up to which prefixes are made equally wide. One that is longer stands out by itself, and
does not push the lines of all others to the right."""


class LogStyle:
    """How lines are to look.

    `|` stands before a line of stdout, `!` before one of stderr, so that they are told apart
    without colours too. An app has one colour, whichever of its instances a line comes from.

    Args:
        terminal: where it is printed.
        form: what a line is printed as.
        timestamp: whether there are times.
        date_format: how they are worded, in local time; in UTC to the millisecond if not said.
        highlight: a text, or a pattern, to make stand out.

    """

    def __init__(
        self,
        terminal: Terminal,
        *,
        form: LogForm = LogForm.PREFIXED,
        timestamp: bool = False,
        date_format: str | None = None,
        highlight: re.Pattern[str] | None = None,
    ) -> None:
        self._terminal = terminal
        self._form = form
        self._timestamp = timestamp or date_format is not None
        self._date_format = date_format
        self._highlight = highlight if terminal.colour else None
        self._labels: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._colours: dict[str, str] = {}
        self._width = 0
        self._prefixes: dict[tuple[int, OutputStream], str] = {}

    def know(self, views: Sequence[Mapping[str, Any]]) -> None:
        """Learn whose lines may come, which makes the prefixes equally wide."""
        for view in views:
            pm_id, name = view["pm_id"], view["name"]
            called = harmless(view["called"])
            self._labels[pm_id] = f"{pm_id}|{called}" if pm_id >= 0 else called
            self._names[pm_id] = name
            self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        widths = map(width, self._labels.values())
        self._prefixes.clear()
        self._width = max((one for one in widths if one <= WIDEST), default=0)

    def line(self, line: LogLine) -> str:
        """Render a line. What the program wrote stays as it is, its own colours too."""
        pm_id = -1 if line.pm_id is None else line.pm_id
        match self._form:
            case LogForm.JSON:
                return self._json(line, pm_id)
            case LogForm.PAIRS:
                return self._pairs(line, pm_id)
            case LogForm.RAW:
                return f"{self._moment(line)}{self._marked(line.text)}"
            case LogForm.PREFIXED:
                return f"{self._moment(line)}{self._prefix(line, pm_id)} {self._marked(line.text)}"

    def change(self, pm_id: int, name: str, state: str, at: float) -> str | None:
        """Render a change of state, which only JSON has, as PM2 has it."""
        if self._form is not LogForm.JSON:
            return None
        event = {"timestamp": self._worded(at), "type": "process_event", "status": state}
        return json.dumps({**event, "process_id": pm_id, "app_name": name})

    def _json(self, line: LogLine, pm_id: int) -> str:
        return json.dumps(
            {
                "message": line.text,
                "timestamp": self._worded(line.time),
                "type": line.stream.value,
                "process_id": pm_id,
                "app_name": self._names.get(pm_id),
            }
        )

    def _pairs(self, line: LogLine, pm_id: int) -> str:
        kind = "error" if line.stream is OutputStream.ERR else "out"
        moment = self._worded(line.time) or "-"
        name = harmless(self._names.get(pm_id, "-"))
        return f"timestamp={moment} app={name} id={pm_id} type={kind} message={line.text}"

    def _prefix(self, line: LogLine, pm_id: int) -> str:
        key = (pm_id, line.stream)
        if (prefix := self._prefixes.get(key)) is None:
            prefix = self._prefixes[key] = self._new_prefix(*key)
        return prefix

    def _new_prefix(self, pm_id: int, stream: OutputStream) -> str:
        is_error = stream is OutputStream.ERR
        label = self._labels.get(pm_id, str(pm_id))
        prefix = f"{label}{' ' * (self._width - width(label))} {'!' if is_error else '|'}"
        colour = "red" if is_error else self._colours.get(self._names.get(pm_id, ""), _COLOURS[0])
        return self._terminal.paint(prefix, colour)

    def _moment(self, line: LogLine) -> str:
        if not self._timestamp:
            return ""
        if self._date_format is not None:
            return f"{self._worded(line.time) or '-'} "
        return f"{self._worded(line.time) or '-':<24} "

    def _worded(self, seconds: float | None) -> str | None:
        if seconds is None or self._date_format is None:
            return _iso(seconds)
        return format_moment(self._date_format, datetime.fromtimestamp(seconds).astimezone())

    def _marked(self, text: str) -> str:
        if self._highlight is None:
            return text
        before, after = _MARKED
        return self._highlight.sub(lambda found: f"{before}{found[0]}{after}", text)


def _iso(seconds: float | None) -> str | None:
    """Write a moment in UTC, to the millisecond (RFC 3339)."""
    if seconds is None:
        return None
    whole, milliseconds = divmod(int(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03}Z"

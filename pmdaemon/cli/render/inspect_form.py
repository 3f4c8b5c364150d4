"""JSON values as Node's `util.inspect` writes them, which is what `pm2 prettylist` prints.

Node fits a value into one line where it is short and holds few levels, sets short array elements
in columns, and breaks everything else (nodejs.org/api/util.html, `breakLength` 80, `compact` 3).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

LINE = 80
"""Columns that Node aims at."""

LEVELS = 3
"""How many levels it puts into one line, at the most."""

MOST_ELEMENTS = 100
"""How many elements of an array are shown."""

_PLAIN_KEY = re.compile(r"[a-zA-Z_][a-zA-Z_0-9]*")
_SPECIAL = re.compile(r"[\x00-\x1f\\\x7f-\x9f]")
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
_BETWEEN = 2
"""Columns of what stands between two elements: a comma and a blank."""


def inspected(value: object) -> str:
    """Write a value, as long as it is."""
    return _Writer().write(value, 0)


class _Writer:
    """Writes one value; `_indent` is how far the current line is from the margin."""

    def __init__(self) -> None:
        self._indent = 0
        self._latest_depth = 0

    def write(self, value: object, depth: int) -> str:
        match value:
            case None:
                return "null"
            case bool():
                return "true" if value else "false"
            case str():
                return self._text(value)
            case float() if not math.isfinite(value):
                return str(value).replace("inf", "Infinity").replace("nan", "NaN")
            case int() | float():
                return str(int(value)) if value == int(value) else str(value)
            case Mapping():
                return self._object(value, depth)
            case Sequence():
                return self._array(value, depth)
            case _:
                return str(value)

    def _text(self, text: str) -> str:
        if len(text) <= 16 or len(text) <= LINE - self._indent - 4:
            return quoted(text)
        lines = re.split(r"(?<=\n)", text)
        # Python's split has an empty piece behind the last line, and Node's has none.
        pieces = [quoted(line) for line in lines if line]
        return f" +\n{' ' * (self._indent + 2)}".join(pieces)

    def _object(self, value: Mapping[object, object], depth: int) -> str:
        if not value:
            return "{}"
        self._latest_depth = depth
        parts = [
            f"{_key(str(name))}: {self._deeper(lambda one=one: self.write(one, depth + 1))}"  # type: ignore[misc] # bound early on purpose
            for name, one in value.items()
        ]
        return self._joined(parts, "{}", depth, whole=True)

    def _array(self, value: Sequence[object], depth: int) -> str:
        if not value:
            return "[]"
        self._latest_depth = depth
        shown = value[:MOST_ELEMENTS]
        parts = [self._deeper(lambda one=one: self.write(one, depth + 1)) for one in shown]  # type: ignore[misc] # as above
        left = len(value) - len(shown)
        more = [f"... {left} more item{'s' if left > 1 else ''}"] if left else []
        grouped = [*parts, *more]
        if len(grouped) > 6:
            grouped = [*self._in_columns(parts, len(grouped), value), *more]
        return self._joined(grouped, "[]", depth, whole=len(grouped) == len(parts) + len(more))

    def _deeper(self, write: Callable[[], str]) -> str:
        self._indent += 2
        try:
            return write()
        finally:
            self._indent -= 2

    def _joined(self, parts: Sequence[str], braces: str, depth: int, *, whole: bool) -> str:
        """Put parts into one line if they fit, and else each on a line of its own."""
        opening, closing = braces[0], braces[1]
        if whole and self._latest_depth - depth < LEVELS:
            used = 2 * len(parts) + self._indent + 1 + 10 + sum(map(len, parts))
            line = ", ".join(parts)
            if used <= LINE and "\n" not in line:
                return f"{opening} {line} {closing}"
        start = "\n" + " " * self._indent
        return f"{opening}{start}  {f',{start}  '.join(parts)}{start}{closing}"

    def _in_columns(
        self, parts: Sequence[str], count: int, values: Sequence[object]
    ) -> Sequence[str]:
        """Set elements in columns, as many as look well, where they are about as wide."""
        total = sum(len(part) + _BETWEEN for part in parts)
        widest = max(map(len, parts)) + _BETWEEN
        if widest * 3 + self._indent >= LINE or (total / widest <= 5 and widest > 6 + _BETWEEN):
            return parts
        biased = max(widest - 3 - math.sqrt(widest - total / count), 1)
        columns = min(
            math.floor(math.sqrt(2.5 * biased * len(parts)) / biased + 0.5),
            (LINE - self._indent) // widest,
            4 * LEVELS,
            15,
        )
        if columns <= 1:
            return parts
        widths = [max(map(len, parts[column::columns])) for column in range(columns)]
        numbers = all(isinstance(one, int | float) for one in values)
        return [
            _row(parts[first : first + columns], widths, right=numbers)
            for first in range(0, len(parts), columns)
        ]


def quoted(text: str) -> str:
    """Write a text in the quotes that need the fewest escapes, as Node chooses them."""
    escaped = _SPECIAL.sub(lambda found: _escape(found[0]), text)
    if "'" not in text:
        return f"'{escaped}'"
    if '"' not in text:
        return f'"{escaped}"'
    if "`" not in text and "${" not in text:
        return f"`{escaped}`"
    return "'" + escaped.replace("'", "\\'") + "'"


def _escape(character: str) -> str:
    return _ESCAPES.get(character) or f"\\x{ord(character):02X}"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else quoted(name)


def _row(cells: Sequence[str], widths: Sequence[int], *, right: bool) -> str:
    *others, last = cells
    fit = [
        f"{cell}, ".rjust(width + _BETWEEN) if right else f"{cell}, ".ljust(width + _BETWEEN)
        for cell, width in zip(others, widths, strict=False)
    ]
    return "".join(fit) + (last.rjust(widths[len(others)]) if right else last)

"""Durations and sizes: from what people write to numbers, and back.

A number without a unit means what it means to PM2: milliseconds for a duration, bytes for a size.
Sizes go by powers of 1024 whatever the spelling of the unit.
"""

import math
import re

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

SECONDS = {"ms": 0.001, "": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}

LONGEST_DURATION = 100 * 365 * 86400.0
"""A hundred years, in seconds: more is a slip, and far more overflows timers."""

LARGEST_SIZE = 2**63 - 1
"""Bytes; what SQLite, JSON readers and the kernel still agree on."""

_DURATION = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)\s*(ms|s|m|h|d|)", re.IGNORECASE)
_SIZE = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)

_UPTIME_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def parse_duration(value: object) -> float:
    """Read a duration (`500` in milliseconds, `500ms`, `3s`, `1.5h`) as seconds.

    The result is exact to the millisecond.

    Raises:
        InvalidInput: it is none.

    """
    number, unit = _split(_DURATION, value)
    seconds = number * SECONDS[unit]
    if not 0 <= seconds <= LONGEST_DURATION:
        message = f"not a duration: {shown(value)} (examples: 500ms, 3s, 2m)"
        raise InvalidInput(message, value=shown(value))
    return round(seconds, 3)


def parse_size(value: object) -> int:
    """Read a size (`1048576`, `150M`, `1.5G`, `10KiB`) as bytes.

    Raises:
        InvalidInput: it is none.

    """
    number, unit = _split(_SIZE, value)
    size = number * BYTES[unit]
    if not 0 <= size <= LARGEST_SIZE:
        message = f"not a size: {shown(value)} (examples: 150M, 1.5G)"
        raise InvalidInput(message, value=shown(value))
    return round(size)


def format_duration(seconds: float) -> str:
    """Write a duration so that `parse_duration` gives it back, as `1.6s`."""
    return f"{seconds:g}s" if seconds.is_integer() and seconds < 1e6 else f"{seconds!r}s"


def format_size(size: int) -> str:
    """Write a size for people, with one decimal: `45.2 MB`."""
    if size < 1024:
        return f"{size} B"
    scaled = float(size)
    for unit in ("KB", "MB", "GB"):
        scaled /= 1024
        # Not 1024: 1023.96 would be written as 1024.0.
        if scaled < 1023.95:
            return f"{scaled:.1f} {unit}"
    return f"{scaled / 1024:.1f} TB"


def format_uptime(seconds: float) -> str:
    """Write an uptime for a table, in its largest unit: `12s`, `3m`, `2h`, `5d`."""
    return _in_units(seconds)[0]


def format_uptime_long(seconds: float) -> str:
    """Write an uptime in its three largest units: `2h 15m 30s`, `5d 12h 30m`."""
    return " ".join(_in_units(seconds)[:3])


def _split(pattern: re.Pattern[str], value: object) -> tuple[float, str]:
    """Take a value apart into number and unit; what does not fit the pattern gives NaN."""
    match value:
        case bool():
            return math.nan, ""
        case int():
            return value if abs(value) <= LARGEST_SIZE else math.nan, ""
        case float():
            return value, ""
        case str() if (found := pattern.fullmatch(value.strip())) is not None:
            digits, unit = found.groups()
            # An int stays exact; the limit keeps int() from its own on the length of text.
            whole = digits.isdigit() and len(digits) <= 19
            return int(digits) if whole else float(digits), unit.lower()
        case _:
            return math.nan, ""


def _in_units(seconds: float) -> list[str]:
    left = max(0, int(seconds))
    words: list[str] = []
    for unit, length in _UPTIME_UNITS:
        count, left = divmod(left, length)
        if words or count or unit == "s":
            words.append(f"{count}{unit}")
    return words

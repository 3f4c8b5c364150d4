"""Moments as people type them: `10m`, `2h ago`, `09:30`, `2026-11-22 09:30`, `@1764000000`."""

import re
import time
from datetime import datetime, timedelta

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

_AGO = re.compile(r"([0-9]+\.?[0-9]*)\s*(ms|s|m|h|d|w)(?:\s+ago)?", re.IGNORECASE)

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


def parse_moment(text: str, *, now: float | None = None) -> float:
    """Read a moment as seconds since the epoch; without a zone it is local time.

    Raises:
        InvalidInput: it is not a moment.

    """
    text = text.strip()
    now = time.time() if now is None else now
    if text.lower() == "now":
        return now
    if found := _AGO.fullmatch(text):
        return now - float(found[1]) * _SECONDS[found[2].lower()]
    try:
        if text.startswith("@"):
            return float(datetime.fromtimestamp(float(text[1:])).timestamp())  # noqa: DTZ006 - a check
        if found := _CLOCK.fullmatch(text):
            return _today(now, *(int(part or 0) for part in found.groups()))
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        message = f"not a moment: {shown(text)} (examples: 10m, 2h, 09:30, 2026-11-22T09:30)"
        raise InvalidInput(message, value=shown(text)) from error


def _today(now: float, hour: int, minute: int, second: int) -> float:
    """Find the last time that a clock here showed this."""
    here = datetime.fromtimestamp(now).astimezone()
    then = here.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return (then if then <= here else then - timedelta(days=1)).timestamp()

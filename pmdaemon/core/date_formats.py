"""Moments in the words of a format: of day.js, which PM2's users write, or of strftime.

What a format means is decided by whether there is a `%` in it. Text in brackets stands for itself:
`[at] HH:mm`. Letters that are no token stay as they are.
"""

import re
from collections.abc import Callable
from datetime import datetime

_TOKEN = re.compile(
    r"\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|dd|d|HH|H|hh|h|mm|m|ss|s|SSS|ZZ|Z|A|a|X|x"
)

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_WORDS: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda at: f"{at.year:04}",
    "YY": lambda at: f"{at.year % 100:02}",
    "MMMM": lambda at: _MONTHS[at.month - 1],
    "MMM": lambda at: _MONTHS[at.month - 1][:3],
    "MM": lambda at: f"{at.month:02}",
    "M": lambda at: str(at.month),
    "DD": lambda at: f"{at.day:02}",
    "D": lambda at: str(at.day),
    "dddd": lambda at: _DAYS[at.weekday()],
    "ddd": lambda at: _DAYS[at.weekday()][:3],
    "dd": lambda at: _DAYS[at.weekday()][:2],
    "d": lambda at: str(at.isoweekday() % 7),
    "HH": lambda at: f"{at.hour:02}",
    "H": lambda at: str(at.hour),
    "hh": lambda at: f"{at.hour % 12 or 12:02}",
    "h": lambda at: str(at.hour % 12 or 12),
    "mm": lambda at: f"{at.minute:02}",
    "m": lambda at: str(at.minute),
    "ss": lambda at: f"{at.second:02}",
    "s": lambda at: str(at.second),
    "SSS": lambda at: f"{at.microsecond // 1000:03}",
    "Z": lambda at: f"{at:%z}"[:3] + ":" + f"{at:%z}"[3:5],
    "ZZ": lambda at: f"{at:%z}"[:5],
    "A": lambda at: "AM" if at.hour < 12 else "PM",
    "a": lambda at: "am" if at.hour < 12 else "pm",
    "X": lambda at: str(int(at.timestamp())),
    "x": lambda at: f"{int(at.timestamp())}{at.microsecond // 1000:03}",
}


def format_moment(pattern: str, moment: datetime) -> str:
    """Word a moment, which has to know its time zone."""
    if "%" in pattern:
        return moment.strftime(pattern)
    return _TOKEN.sub(lambda found: _worded(found, moment), pattern)


def is_date_format(text: str) -> bool:
    """Tell a format from a word that only happens to hold letters of one."""
    return "%" in text or re.search(r"YY|DD|HH|hh:|mm:|SSS", text) is not None or text in {"X", "x"}


def _worded(found: re.Match[str], moment: datetime) -> str:
    literal = found[1]
    return literal if literal is not None else _WORDS[found[0]](moment)

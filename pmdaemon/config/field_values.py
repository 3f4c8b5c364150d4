"""What the value of one field of an app may be, and what it is read as.

Each reader takes whatever TOML, JSON or a form gave and returns one type, or raises
`InvalidInput`. They are as forgiving as PM2 is: a number may be text, a list may be one word.
"""

import math
import os
import re
import shlex
import signal
from collections.abc import Mapping, Sequence

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

MOST_INSTANCES = 1000

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
_INTEGER = re.compile(r"-?[0-9]+")


def text(value: object) -> str:
    """Read text that an operating system takes: no NUL, and nothing that UTF-8 cannot say."""
    if not isinstance(value, str):
        raise _refused(value, "text")
    try:
        # Surrogates U+DC80 to U+DCFF stand for bytes that were not UTF-8 (PEP 383).
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise _refused(value, "text of whole characters") from error
    if "\0" in value:
        raise _refused(value, "text without NUL")
    return value


def filled_text(value: object) -> str:
    """Read text that is not empty."""
    if not text(value).strip():
        raise _refused(value, "text that is not empty")
    return text(value)


def words(value: object) -> tuple[str, ...]:
    """Read words: a list, or text that is split as a shell would."""
    match value:
        case str():
            try:
                return tuple(shlex.split(text(value)))
            except ValueError as error:
                raise _refused(value, f"words ({str(error).lower()})") from error
        case list() | tuple():
            return tuple(_scalar(each) for each in value)
        case _:
            raise _refused(value, "a list of words")


def variables(value: object) -> Mapping[str, str]:
    """Read environment variables; numbers and booleans become text."""
    if not isinstance(value, Mapping):
        raise _refused(value, "names and values")
    found: dict[str, str] = {}
    for name, setting in value.items():
        if not text(name) or "=" in name:
            raise InvalidInput(f"not the name of a variable: {shown(name)}")
        try:
            found[name] = _scalar(setting)
        except InvalidInput:
            # Nothing of the value: it may be a secret.
            raise InvalidInput(f"{shown(name)} is not text, a number or a boolean") from None
    return found


def switch(value: object) -> bool:
    """Read a boolean, or a word for one."""
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _refused(value, "true or false")


def count(value: object, *, least: int = 0, most: int = 1_000_000) -> int:
    """Read a whole number."""
    number = _whole(value)
    if number is None or not least <= number <= most:
        raise _refused(value, f"a whole number from {least} to {most}")
    return number


def instances(value: object, *, cpus: int | None = None) -> int:
    """Read a number of instances: `max` is one per CPU, and -1 is one fewer than that."""
    cpus = cpus or os.cpu_count() or 1
    number = 0 if value == "max" else _whole(value)
    if number is None or number > MOST_INSTANCES:
        raise _refused(value, f'a number of instances: up to {MOST_INSTANCES}, or "max"')
    return number if number > 0 else max(1, cpus + number)


def exit_codes(value: object) -> frozenset[int]:
    """Read exit codes: one, or several in a list or with commas."""
    match value:
        case str():
            listed: Sequence[object] = [each for each in value.split(",") if each.strip()]
        case list() | tuple():
            listed = value
        case _:
            listed = [value]
    return frozenset(count(each, most=255) for each in listed)


def signal_name(value: object) -> str:
    """Read a signal by name, with or without SIG, or by number, as its name."""
    number = _whole(value)
    try:
        if number is not None:
            return signal.Signals(number).name
        word = text(value).strip().upper()
        return signal.Signals[word if word.startswith("SIG") else f"SIG{word}"].name
    except (ValueError, KeyError) as error:
        raise _refused(value, "a signal, as SIGINT or SIGTERM") from error


def _scalar(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return text(value)
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return str(value)
        case _:
            raise _refused(value, "text, a number or a boolean")


def _whole(value: object) -> int | None:
    match value:
        case bool():
            return None
        case int():
            return value
        case float() if value.is_integer():
            return int(value)
        case str() if len(value) <= 10:
            return int(value) if _INTEGER.fullmatch(value.strip()) else None
        case _:
            return None


def _refused(value: object, expected: str) -> InvalidInput:
    return InvalidInput(f"not {expected}: {shown(value)}", value=shown(value))

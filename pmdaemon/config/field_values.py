"""What the value of one field of an app may be, and what it is read as.

Each reader takes whatever TOML, JSON or a form gave and returns one type, or raises
`InvalidInput`. They are as forgiving as PM2 is: a number may be text, a list may be one word.
"""

import math
import os
import re
import signal
from collections.abc import Mapping, Sequence

from pmdaemon.config.shell_words import shell_words
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

MOST_INSTANCES = 1000

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
_INTEGER = re.compile(r"-?[0-9]+")


def text(value: object) -> str:
    """Read text that an operating system takes: no NUL, and nothing that UTF-8 cannot say."""
    if not isinstance(value, str):
        raise refused(value, "text")
    try:
        # Surrogates U+DC80 to U+DCFF stand for bytes that were not UTF-8 (PEP 383).
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise refused(value, "text of whole characters") from error
    if "\0" in value:
        raise refused(value, "text without NUL")
    return value


def filled_text(value: object) -> str:
    """Read text that is not empty."""
    if not text(value).strip():
        raise InvalidInput("it is empty", value="")
    return text(value)


def words(value: object) -> tuple[str, ...]:
    """Read words: a list, or text that is split as a shell would."""
    match value:
        case str():
            try:
                return tuple(shell_words(text(value)))
            except ValueError as error:
                raise refused(value, f"words ({str(error).lower()})") from error
        case list() | tuple():
            return tuple(scalar(each) for each in value)
        case _:
            raise refused(value, "a list of words")


def filled_words(value: object) -> tuple[str, ...]:
    """Read words of which there is at least one."""
    found = words(value)
    if not found:
        raise InvalidInput("it is empty", value="")
    return found


def variables(value: object) -> Mapping[str, str]:
    """Read environment variables: names and values, or texts as `NAME=value`, or a list of both.

    Numbers and booleans become text. What is null is not set.
    """
    match value:
        case Mapping():
            return _settings(value)
        case str():
            return dict(map(_assignment, words(value)))
        case list() | tuple():
            found: dict[str, str] = {}
            for each in value:
                found |= dict([_assignment(each)]) if isinstance(each, str) else variables(each)
            return found
        case _:
            raise refused(value, "names and values")


def _settings(value: Mapping[object, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    problems: list[str] = []
    for name, setting in value.items():
        if not text(name) or "=" in str(name):
            raise InvalidInput(f"not the name of a variable: {shown(name)}")
        if setting is None:
            continue
        try:
            found[str(name)] = scalar(setting)
        except InvalidInput:
            # Nothing of the value: it may be a secret.
            problems.append(f"{shown(name)} is not text, a number or a boolean")
    if problems:
        raise InvalidInput("; ".join(problems))
    return found


def _assignment(word: str) -> tuple[str, str]:
    name, is_one, value = text(word).partition("=")
    if not name or not is_one:
        raise InvalidInput("not a variable such as NAME=value")  # what it is may be a secret
    return name, value


def switch(value: object) -> bool:
    """Read a boolean, or a word for one."""
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise refused(value, "true or false")


def count(value: object, *, least: int = 0, most: int = 1_000_000) -> int:
    """Read a whole number."""
    number = whole(value)
    if number is None or not least <= number <= most:
        raise refused(value, f"a whole number from {least} to {most}")
    return number


def choice(value: object, *, among: Mapping[str, str]) -> str:
    """Read one of several words; each stands for one of ours."""
    word = str(value).strip().lower() if isinstance(value, str) else ""
    if word not in among:
        *others, last = dict.fromkeys(among.values())
        raise refused(value, f"{', '.join(others)} or {last}" if others else last)
    return among[word]


def texts(value: object) -> tuple[str, ...]:
    """Read texts: one, or a list."""
    match value:
        case str():
            return (filled_text(value),)
        case list() | tuple():
            return tuple(map(filled_text, value))
        case _:
            raise refused(value, "text, or a list of texts")


def variable_name(value: object) -> str:
    """Read the name of an environment variable."""
    name = filled_text(value)
    if "=" in name or name != name.strip():
        raise refused(value, "the name of a variable")
    return name


def file_name(value: object) -> str:
    """Read the path of a file that is written to; PM2 has NULL for none."""
    path = filled_text(value)
    return "/dev/null" if path == "NULL" else path


def instances(value: object, *, cpus: int | None = None) -> int:
    """Read a number of instances: `max` is one per CPU, and -1 is one fewer than that."""
    cpus = cpus or os.cpu_count() or 1
    number = 0 if value == "max" else whole(value)
    if number is None or number > MOST_INSTANCES:
        expected = f'a number of instances such as 4 or "max", at most {MOST_INSTANCES}'
        raise refused(value, expected)
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
    number = whole(value)
    try:
        if number is not None:
            return signal.Signals(number).name
        word = text(value).strip().upper()
        return signal.Signals[word if word.startswith("SIG") else f"SIG{word}"].name
    except (ValueError, KeyError) as error:
        raise refused(value, "a signal such as SIGINT or SIGTERM") from error


def scalar(value: object) -> str:
    """Read text; numbers and booleans become it."""
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
            raise refused(value, "text, a number or a boolean")


def whole(value: object) -> int | None:
    """Read a whole number, or None if it is none."""
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


def refused(value: object, expected: str) -> InvalidInput:
    """Say that a value is not what was expected."""
    return InvalidInput(f"not {expected}: {shown(value)}", value=shown(value))

"""`module_conf.json`: values that `set` keeps, under PM2's name and in its form.

A key is a word, or words with `:` or `.` between them; the first of those names an app.
"""

import fcntl
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pmdaemon.client.dump_file import replace_file
from pmdaemon.core.errors import InvalidInput, OperationFailed
from pmdaemon.core.wording import shown, why

Values = dict[str, Any]

MOST_WORDS = 100
"""Words of a key; each is an object within the one before, and the depth of JSON has a limit."""


def read(path: str) -> Values:
    """Read all values; there need not be a file.

    Raises:
        OperationFailed: it cannot be read, or is not a JSON object.

    """
    try:
        values = json.loads(Path(path).read_bytes() or b"{}")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is not valid JSON"
        raise OperationFailed(f"cannot use {shown(path)}: {reason.lower()}", path=path) from error
    if not isinstance(values, dict):
        raise OperationFailed(f"cannot use {shown(path)}: it is not an object", path=path)
    return values


def write(path: str, values: Mapping[str, Any]) -> None:
    """Write all values; the file is the old one or the new one at any time.

    Raises:
        OperationFailed: it cannot be written.

    """
    try:
        replace_file(path, json.dumps(values, indent=4).encode())
    except OSError as error:
        raise OperationFailed(f"cannot write {shown(path)}: {why(error)}", path=path) from error


def change(path: str, how: Callable[[Values], Values]) -> None:
    """Read all values, and write what `how` makes of them; two who do this wait for each other.

    Raises:
        OperationFailed: they cannot be read or written.

    """
    try:
        # A file of its own: the other is replaced whenever it is written.
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:  # the folder is not there, and nothing is kept in it
        lock = None
    except OSError as error:
        raise OperationFailed(f"cannot write {shown(path)}: {why(error)}", path=path) from error
    try:
        if lock is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        before = read(path)
        if (after := how(before)) != before:
            write(path, after)
    finally:
        if lock is not None:
            os.close(lock)


def words_of(key: str) -> list[str]:
    """Take a key apart.

    Raises:
        InvalidInput: a word of it is empty, or there are too many.

    """
    words = key.split(":" if ":" in key else ".")
    if not all(words) or len(words) > MOST_WORDS:
        raise InvalidInput(f"not a key: {shown(key)}", code="invalid_key")
    return words


def value_of(values: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - any JSON value
    """Look a value up.

    Raises:
        InvalidInput: there is none; the code is `unknown_key`.

    """
    found: Any = values
    for word in words_of(key):
        if not isinstance(found, Mapping) or word not in found:
            raise InvalidInput(f"nothing is kept as {shown(key)}", code="unknown_key", key=key)
        found = found[word]
    return found


def with_value(values: Mapping[str, Any], key: str, value: str) -> Values:
    """Return all values with one set; what was in the way of a longer key is gone."""
    return _with(values, words_of(key), value)


def without(values: Mapping[str, Any], key: str) -> Values:
    """Return all values without one, or none at all for `all`.

    Raises:
        InvalidInput: there is no such value.

    """
    if key == "all":
        return {}
    value_of(values, key)
    return _without(values, words_of(key))


def _with(values: Mapping[str, Any], words: list[str], value: str) -> Values:
    first, *others = words
    below = values.get(first)
    if others:
        return {**values, first: _with(below if isinstance(below, dict) else {}, others, value)}
    return {**values, first: value}


def _without(values: Mapping[str, Any], words: list[str]) -> Values:
    first, *others = words
    if others:
        return {**values, first: _without(values[first], others)}
    return {name: value for name, value in values.items() if name != first}

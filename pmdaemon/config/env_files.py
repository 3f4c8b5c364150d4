"""Files of environment variables, as `.env`: `NAME=value` a line, quotes and comments as usual.

What stands in them is taken as it is: a `$` in a password is a `$`.
"""

import io
from collections.abc import Mapping
from pathlib import Path

from pmdaemon.config import field_values as values
from pmdaemon.config.file_failures import failures_worded
from pmdaemon.core.errors import InvalidInput, PmdaemonError
from pmdaemon.core.wording import shown

LARGEST_FILE = 1024 * 1024
"""Bytes."""


def read_env_file(path: str) -> Mapping[str, str]:
    """Read the variables of a file.

    Raises:
        InvalidInput: it cannot be read, or one of its lines is wrong; the sentence says which. The
            code is `file_not_found`, `file_unreadable` or `invalid_input`.

    """
    return read_env_text(_text(path), source=path)


def read_env_text(text: str, *, source: str) -> Mapping[str, str]:
    """Read the variables of a text, which came from the file `source`.

    Raises:
        InvalidInput: one of the lines is wrong; the sentence says which.

    """
    # Only those who have such a file pay for this import.
    from dotenv.parser import parse_stream  # noqa: PLC0415

    found: dict[str, str] = {}
    for line in parse_stream(io.StringIO(text)):
        place = f"{shown(source)}, line {line.original.line + _lines_before(line.original.string)}"
        if line.error or (line.key is not None and line.value is None):
            # Nothing of the line: it may hold a secret.
            raise InvalidInput(f"{place}: not a variable such as NAME=value")
        if line.key is not None:
            try:
                found |= values.variables({line.key: line.value})
            except PmdaemonError as error:
                raise InvalidInput(f"{place}: {error.message}") from error
    return found


def _lines_before(original: str) -> int:
    """Count the empty lines that the parser takes for the beginning of the next."""
    return original[: len(original) - len(original.lstrip())].count("\n")


def _text(path: str) -> str:
    with failures_worded(path), Path(path).open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise InvalidInput(f"{shown(path)} is larger than {LARGEST_FILE // 1024**2} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{shown(path)} is not UTF-8") from error

"""Ecosystem files: from a file to the apps that stand in it, as yet unread.

What an app's fields mean is not known here; see `pmdaemon.config.app_fields`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, Unsupported
from pmdaemon.core.wording import shown

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes."""

_READ = (".toml", ".json")
_KNOWN = (*_READ, ".json5", ".yaml", ".yml", ".config.js", ".config.cjs", ".config.mjs")

_LISTS = ("apps", "pm2")
"""Where the list of apps may be; the second is an old name of PM2's."""


def is_ecosystem_file(text: str) -> bool:
    """Tell by its end whether a text names an ecosystem file, one that we read or another."""
    return text.lower().endswith(_KNOWN)


def load(path: str) -> list[dict[str, Any]]:
    """Read the apps of an ecosystem file.

    Raises:
        InvalidInput: the file cannot be read; the code is `file_not_found` or `file_unreadable`.
        InvalidConfiguration: it is not what its suffix says, or has no apps.
        Unsupported: its format is not one of ours.

    """
    if not path.lower().endswith(_READ):
        message = f"cannot read {shown(path)}: this release reads {' and '.join(_READ)}"
        raise Unsupported(message, path=path)
    text = _text(path)
    try:
        document = _toml(text) if path.lower().endswith(".toml") else _json(text)
    except RecursionError as error:
        raise _invalid(path, "it is nested too deeply") from error
    except ValueError as error:
        raise _invalid(path, _place(error)) from error
    return _apps(path, document)


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"no such file: {shown(path)}"
        raise InvalidInput(message, code="file_not_found", path=path) from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        message = f"cannot read {shown(path)}: {reason}"
        raise InvalidInput(message, code="file_unreadable", path=path) from error
    if len(content) > LARGEST_FILE:
        raise _invalid(path, f"it is larger than {LARGEST_FILE // 1024**2} MB")
    try:
        # Editors on some systems put a byte order mark first.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        reason = f"not UTF-8 at line {line}, column {column}"
        raise _invalid(path, reason) from error


def _toml(text: str) -> object:
    import tomli  # noqa: PLC0415 -- only those who have such a file pay for it

    return tomli.loads(text)


def _json(text: str) -> object:
    def refuse(name: str) -> NoReturn:
        raise ValueError(f"not a number of JSON: {name}")

    return json.loads(text, parse_constant=refuse)


def _place(error: ValueError) -> str:
    """Word a parser's complaint; both parsers know line and column."""
    if isinstance(error, json.JSONDecodeError):
        return f"{_lowered(error.msg)} at line {error.lineno}, column {error.colno}"
    if "digits" in str(error):
        # Python's own limit, which says how to change it to people who cannot.
        return "a number in it is too long"
    # The TOML parser's sentence has the place already, as "(at line 3, column 5)".
    return _lowered(str(error)).replace("(at ", "at ").removesuffix(")")


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _apps(path: str, document: object) -> list[dict[str, Any]]:
    apps = document
    if isinstance(document, Mapping):
        found = [key for key in _LISTS if key in document]
        apps = document[found[0]] if found else [document]
    if isinstance(apps, Mapping):
        apps = [apps]
    if not isinstance(apps, list):
        raise _invalid(path, f"a list of apps was expected, not {shown(apps)}")
    if not any(apps):
        raise _invalid(path, "there is no app in it")
    problems = [
        f"apps[{index}]: not an app: {shown(app)}"
        for index, app in enumerate(apps)
        if not isinstance(app, Mapping)
    ]
    if problems:
        raise InvalidConfiguration(shown(path), problems)
    return [dict(app) for app in apps]


def _invalid(path: str, problem: str) -> InvalidConfiguration:
    return InvalidConfiguration(shown(path), [problem])

"""Ecosystem files: from a file to the apps in it, whose fields are not read yet.

What an app's fields mean is not known here; see `pmdaemon.config.app_fields`.
"""

# Bare paths: pathlib takes longer to import than all the rest of this, and every start waits.
# ruff: noqa: PTH113, PTH119, PTH120, PTH123

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeGuard

from pmdaemon.config.file_failures import failures_worded
from pmdaemon.config.formats.sniffing import format_of
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.wording import shown

if TYPE_CHECKING:
    from pmdaemon.config.prox_proxy import Gateway

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes."""

STANDARD_INPUT = "-"

PACKAGE = "package.json"
PROCFILE = "Procfile"

_MODULES = (".config.js", ".config.cjs", ".config.mjs")
_KNOWN = (".toml", ".json", ".json5", ".jsonc", ".yaml", ".yml", *_MODULES)

_PARSERS = {"toml": "toml_text", "yaml": "yaml_text", "procfile": "procfile"}

_LISTS = ("apps", "pm2")
"""Where the list of apps may be; the second is an old name of PM2's."""

_OTHERS = frozenset({"deploy", "static", "$schema"})
"""What may stand beside the apps. For what a file needs for itself, as anchors, there is `x-…`."""

_ONE_APP = frozenset({"script", "exec", "cmd", "command"})
"""A document that has one of these is an app."""


class EcosystemFile(NamedTuple):
    """What was read of a file.

    What JavaScript has `evaluated` says what it means; other texts may hold `${VARIABLES}`. A
    `gateway` is there where the file says how it listens.
    """

    apps: list[dict[str, Any]]
    evaluated: bool = False
    warnings: tuple[str, ...] = ()
    gateway: "Gateway | None" = None


def is_ecosystem_file(text: str) -> bool:
    """Tell by its looks whether a text names an ecosystem file."""
    name = os.path.basename(text)
    return (
        text == STANDARD_INPUT
        or text.lower().endswith(_KNOWN)
        or name == PROCFILE
        or name.startswith(f"{PROCFILE}.")
    )


def load(path: str, environment: Mapping[str, str]) -> EcosystemFile:
    """Read the apps of an ecosystem file, or of standard input.

    Args:
        path: The file; `-` for standard input, whose format is told by its first words.
        environment: That of the caller, for configurations that are programs.

    Raises:
        InvalidInput: the file cannot be read; the code is `file_not_found`, `file_unreadable`, or,
            when it is JavaScript and there is no node, `interpreter_not_found`.
        InvalidConfiguration: it is not what its suffix says, or has no apps.

    """
    evaluated, document = _read(path, environment)
    if _looks_like_prox(document):
        from pmdaemon.config import prox_file  # noqa: PLC0415 - for who has one

        apps, gateway, warnings = prox_file.apps_of(path, document)
        # A `${NAME}` in a command is for its shell, which has the variables of env files, too.
        return EcosystemFile(apps, evaluated=True, warnings=tuple(warnings), gateway=gateway)
    if isinstance(document, Mapping) and isinstance(document.get("processes"), list):
        # Only those who have a file of Pup's pay for what reads it.
        from pmdaemon.config import pup_shape  # noqa: PLC0415

        found, remarks = pup_shape.apps_of(path, document, environment)
        return EcosystemFile(found, evaluated=True, warnings=tuple(remarks))
    apps, warnings = _apps(path, document)
    return EcosystemFile(apps, evaluated, tuple(warnings))


def document(path: str, environment: Mapping[str, str]) -> object:
    """Read an ecosystem file whole, for what stands beside its apps; it raises as `load` does."""
    return _read(path, environment)[1]


def _read(path: str, environment: Mapping[str, str]) -> tuple[bool, object]:
    try:
        return _document(path, environment)
    except RecursionError as error:
        raise _invalid(path, "it is nested too deeply") from error
    except ValueError as error:
        raise _invalid(path, str(error)) from error


def _looks_like_prox(document: object) -> TypeGuard[Mapping[Any, Any]]:
    """Tell a `prox.yaml`, whatever it is called: it has a table of processes."""
    return (
        isinstance(document, Mapping)
        and isinstance(document.get("processes"), Mapping)
        and not any(key in document for key in _LISTS)
    )


def _document(path: str, environment: Mapping[str, str]) -> tuple[bool, object]:
    if path.lower().endswith(_MODULES):
        if not os.path.isfile(path):
            _text(path)  # which says why
        return True, _javascript().evaluate(path, environment)
    text = _text(path)
    kind = format_of(path, text)
    if kind == "json":
        return _json(text, path, environment)
    # Only those who have such a file pay for what reads it.
    parser = import_module(f"pmdaemon.config.formats.{_PARSERS[kind]}")
    found = parser.parse(text)
    if kind == "procfile":
        found = parser.with_surroundings(found, os.path.dirname(path), environment)
    return False, found


def _javascript() -> Any:  # noqa: ANN401 - a module
    return import_module("pmdaemon.config.formats.javascript")


def _json(text: str, path: str, environment: Mapping[str, str]) -> tuple[bool, object]:
    """Read JSON, or what PM2 takes for it: any expression of JavaScript."""
    from pmdaemon.config.formats import json_text  # noqa: PLC0415 - as above

    try:
        return False, json_text.parse(text)
    except json_text.NotJson as error:
        if os.path.basename(path) == PACKAGE or _javascript().node_in(environment) is None:
            raise
        try:
            return True, _javascript().evaluate(path, environment, expression=text)
        except ValueError as other:
            # What is neither was meant to be JSON, whose parser knows the column, too.
            raise (error if "SyntaxError" in str(other) else other) from None


def _text(path: str) -> str:
    with failures_worded(path):
        content = _content(path)
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


def _content(path: str) -> bytes:
    def beginning(file: BinaryIO) -> bytes:
        return file.read(LARGEST_FILE + 1)

    if path == STANDARD_INPUT:
        return beginning(sys.stdin.buffer)
    with open(path, "rb") as file:
        return beginning(file)


def _apps(path: str, document: object) -> tuple[list[dict[str, Any]], list[str]]:
    apps, warnings = _list_in(path, document) if isinstance(document, Mapping) else (document, [])
    if isinstance(apps, Mapping):
        apps = [apps]
    if not isinstance(apps, list | None):
        raise _invalid(path, f"a list of apps was expected, not {shown(apps)}")
    if not apps or not any(apps):
        raise _invalid(path, "there is no app in it")
    problems = [
        f"apps[{index}]: not an app: {shown(app)}"
        for index, app in enumerate(apps)
        if not isinstance(app, Mapping)
    ]
    if problems:
        raise InvalidConfiguration(shown(path), problems)
    return [dict(app) for app in apps], warnings


def _list_in(path: str, document: Mapping[Any, object]) -> tuple[object, list[str]]:
    """Find the apps of a document, and warnings about what stands beside them."""
    is_package = os.path.basename(path) == PACKAGE
    found = next((key for key in _LISTS if key in document), None)
    if found is None:
        if is_package:
            raise _invalid(path, "there is no app in it: neither apps nor pm2 is there")
        if not any(str(key).lower() in _ONE_APP for key in document):
            raise _invalid(path, f"there is no app in it{_hint(document)}")
        return document, []
    others = [str(key) for key in document if key not in _LISTS]
    apps = document[found]
    if document.get("static") is not None and isinstance(apps, list):
        apps = [*apps, *_served(path, document["static"])]
    return apps, [
        f"{shown(key)}: unknown, beside apps"
        for key in others
        if not (is_package or key.startswith("x-") or key in _OTHERS)
    ]


def _served(path: str, sections: object) -> list[dict[str, Any]]:
    """Make apps that serve folders."""
    from pmdaemon.config.static_sites import app_of  # noqa: PLC0415 - few files have this

    many = sections if isinstance(sections, list) else [sections]
    apps = []
    for index, section in enumerate(many):
        if not isinstance(section, Mapping):
            raise _invalid(path, f"static[{index}]: not a folder to serve: {shown(section)}")
        try:
            apps.append(app_of(section))
        except InvalidInput as error:
            raise _invalid(path, f"static[{index}]: {error.message}") from error
    return apps


def _hint(document: Mapping[Any, object]) -> str:
    # Only a mistake pays for this import.
    import difflib  # noqa: PLC0415

    keys = [str(key) for key in document if key not in _OTHERS]
    close = next((key for key in keys if difflib.get_close_matches(key[:40].lower(), _LISTS)), None)
    return f": did you mean apps by {shown(close)}?" if close is not None else ""


def _invalid(path: str, problem: str) -> InvalidConfiguration:
    source = shown(path) if path != STANDARD_INPUT else "standard input"
    return InvalidConfiguration(source, [problem])

"""Which variables a project may give to its programs.

Not those that decide what else is loaded into a program, or what it believes about us: a project
sets its own things.
"""

import re
from collections.abc import Mapping

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.projects import EnvScope
from pmdaemon.core.wording import shown

LONGEST_KEY = 256
LARGEST_VALUE = 64 * 1024
"""Bytes."""

MOST_VARIABLES = 500
"""Of one project."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_OURS = ("LD_", "DYLD_", "PMDAEMON_", "LISTEN_")
"""What no variable of a project begins with."""

_RESERVED = frozenset({"NOTIFY_SOCKET", "NODE_CHANNEL_FD", "BASH_ENV", "ENV", "IFS", "SHELLOPTS"})


def read_key(text: str) -> str:
    """Check the name of a variable.

    Raises:
        InvalidInput: it is none, or none that a project may set.

    """
    if not _KEY.fullmatch(text) or len(text) > LONGEST_KEY:
        raise InvalidInput(
            f"not the name of a variable: {shown(text)} (letters, digits and _, no digit first)",
            code="invalid_variable",
        )
    if text.upper().startswith(_OURS) or text.upper() in _RESERVED:
        raise InvalidInput(f"a project cannot set {shown(text)}", code="invalid_variable")
    return text


def read_value(key: str, text: str) -> str:
    """Check a value; an empty one is one, too. A sentence about it does not repeat it.

    Raises:
        InvalidInput: no variable can hold it.

    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = LARGEST_VALUE + 1
    if "\0" in text or size > LARGEST_VALUE:
        raise InvalidInput(
            f"cannot set {shown(key)}: a value is text of at most {LARGEST_VALUE} bytes,"
            " without NUL",
            code="invalid_variable",
        )
    return text


def read_scope(text: str) -> EnvScope:
    """Read where a variable is set.

    Raises:
        InvalidInput: it is none of the scopes.

    """
    try:
        return EnvScope(text)
    except ValueError:
        raise InvalidInput(
            f"not a scope of variables: {shown(text)} (there are {', '.join(EnvScope)})",
            code="invalid_scope",
        ) from None


def read_variables(given: Mapping[str, str]) -> Mapping[str, str]:
    """Check several variables.

    Raises:
        InvalidInput: one of them cannot be set, so that none is to be.

    """
    return {read_key(key): read_value(key, value) for key, value in given.items()}

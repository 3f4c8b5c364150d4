"""`${VARIABLE}` in the texts of an ecosystem file: the caller's environment, put in.

    ${NAME}             the value; refused when it is not set
    ${NAME:-default}    the value, or the default when it is not set or empty
    ${NAME-default}     the value, or the default when it is not set
    ${NAME:?reason}     the value; refused, with the reason, when it is not set or empty
    $${NAME}            the text ${NAME} itself

A default may hold variables in turn. `$NAME` without braces is never touched, nor is what the
value of a variable looks like.
"""

import re
from collections.abc import Mapping

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

_OPENING = re.compile(r"\$\$\{|\$\{")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(:-|-|:\?|\?|\})")

_DEEPEST = 20


def interpolated(value: object, variables: Mapping[str, str]) -> object:
    """Put variables into a text, or into all texts of a list or a table; names stay as they are.

    Raises:
        InvalidInput: a variable is not set, or a brace is not closed.

    """
    match value:
        case str():
            return _text(value, variables) if "${" in value else value
        case list():
            return [interpolated(each, variables) for each in value]
        case Mapping():
            return {key: interpolated(each, variables) for key, each in value.items()}
        case _:
            return value


def _text(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    if depth > _DEEPEST:
        raise InvalidInput("defaults are nested too deeply")
    parts: list[str] = []
    position = 0
    while (opening := _OPENING.search(text, position)) is not None:
        parts.append(text[position : opening.start()])
        if opening[0] == "$${":
            parts.append("${")
            position = opening.end()
        else:
            value, position = _placeholder(text, opening.end(), variables, depth)
            parts.append(value)
    return "".join([*parts, text[position:]])


def _placeholder(
    text: str, start: int, variables: Mapping[str, str], depth: int
) -> tuple[str, int]:
    """Return what stands for a placeholder, and where it ends."""
    found = _NAME.match(text, start)
    if found is None:
        raise InvalidInput(f"not a variable: {shown(text[start - 2 :])} ($${{ is for the text)")
    name, operator = found.groups()
    value = variables.get(name)
    if operator == "}":
        if value is None:
            raise InvalidInput(
                f"{shown(name)} is not set, and has no default"
                f" (${{{name}:-…}} for one, $${{{name}}} for the text)",
                variable=shown(name),
            )
        return value, found.end()
    end = _closing(text, found.end())
    rest = text[found.end() : end]
    if value is not None and (value or not operator.startswith(":")):
        return value, end + 1
    if operator.endswith("?"):
        reason = _text(rest, variables, depth + 1) or "it is not set"
        raise InvalidInput(f"{shown(name)}: {shown(reason)}", variable=shown(name))
    return _text(rest, variables, depth + 1), end + 1


def _closing(text: str, start: int) -> int:
    """Find the brace that closes a placeholder, past those of placeholders within."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "}":
            if depth == 0:
                return index
            depth -= 1
        elif text.startswith("${", index):
            depth += 1
    raise InvalidInput(f"a brace is not closed: {shown(text)}")

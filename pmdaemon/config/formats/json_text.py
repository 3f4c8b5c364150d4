"""JSON as people write it: with comments, and with commas behind the last of a list."""

import json
import re
from typing import NoReturn

from pmdaemon.config.formats.sentences import lowered, number_too_long

# Possessive, and each open end counts as closed: whatever the text, it is gone through once.
_STRING = r'"(?:[^"\\]|\\.)*+"?'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_LAST_COMMA = re.compile(rf"({_STRING}|[\[{{,:]\s*+,)|,(?=\s*+[\]}}])", re.DOTALL)
_BUT_LINE_ENDS = re.compile(r"[^\n]")


class NotJson(ValueError):
    """A text that is not JSON, even with this much allowed."""


def parse(text: str) -> object:
    """Read JSON, in which comments and a last comma are allowed.

    Raises:
        NotJson: it is not JSON; the sentence has the line and the column.
        ValueError: it is, but has a number that JSON does not allow.

    """
    try:
        return _strict(text)
    except json.JSONDecodeError:
        forgiven = _LAST_COMMA.sub(_blank, _COMMENT.sub(_blank, text))
    try:
        return _strict(forgiven)
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno}, column {error.colno}"
        # One of its sentences ends in "at" already.
        raise NotJson(f"{lowered(error.msg).removesuffix(' at')} {place}") from error


def _strict(text: str) -> object:
    def refuse(name: str) -> NoReturn:
        raise ValueError(f"not a JSON number: {name}")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        if number_too_long(error):
            raise ValueError("a number in it is too long") from error
        raise


def _blank(found: re.Match[str]) -> str:
    """Put spaces in the place of what is left out, so that lines and columns stay true."""
    return found[1] or _BUT_LINE_ENDS.sub(" ", found[0])

"""What an app may be called.

A name is typed in shells, shown in tables, matched by selectors and put into file names, so it is
one line of printable text that is none of the words and signs that mean something else there.
Namespaces follow the same rules.
"""

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

LONGEST_NAME = 128

_JOINERS = frozenset("\u200c\u200d")
"""Invisible, yet needed inside emoji and in several scripts."""


def app_name(text: str, *, noun: str = "name") -> str:
    """Check a name and return it.

    Raises:
        InvalidInput: it cannot be one; the code is `invalid_name`.

    """
    reason = _objection(text)
    if reason is not None:
        # Nobody sees a space at an end without quotes.
        named = shown(text) if text == text.strip() else f'"{shown(text)}"'
        message = f"not a usable {noun}: {named} ({reason})"
        raise InvalidInput(message, code="invalid_name", name=shown(text))
    return text


def _objection(text: str) -> str | None:
    if not 1 <= len(text) <= LONGEST_NAME:
        return f"it takes 1 to {LONGEST_NAME} characters"
    if not (text.isprintable() or all(one.isprintable() or one in _JOINERS for one in text)):
        return "it takes printable characters only"
    if text != text.strip():
        return "no space before or after it"
    if text == "all":
        return "this word means every process"
    if text.startswith("-"):
        return "what begins with - is an option"
    if text.startswith("/") or text.endswith("/"):
        return "no / at either end"
    if text == "." or ".." in text.split("/"):
        return "it must not be a way through folders"
    return None

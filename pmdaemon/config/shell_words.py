"""Splitting text into words as a shell does."""

import re
import shlex

_QUOTING = re.compile(r"['\"\\]")
_SPACE = re.compile(r"[ \t\r\n]+")


def shell_words(text: str) -> list[str]:
    """Split a text into words; quotes and backslashes keep together what is one.

    Raises:
        ValueError: a quote is not closed, or nothing stands behind the last backslash.

    """
    # Nearly always there are none, and the library goes through it letter by letter.
    if _QUOTING.search(text):
        return shlex.split(text)
    return [word for word in _SPACE.split(text) if word]

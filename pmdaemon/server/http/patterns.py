"""What lines are picked by: a text within them, or a regular expression in linear time.

The engine of `re` backtracks, so a short pattern on a short line may take for ever. RE2 does not;
its work grows with the length of the line and with the size of the pattern, which is bounded.
"""

from collections.abc import Callable
from typing import Final

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

LONGEST_PATTERN: Final = 256
"""Bytes."""

LARGEST_PROGRAM: Final = 4000
"""Instructions that a pattern may become. A line has up to 64 KiB, so even where each of them is
tried at each byte, a line takes a second or two."""

MEMORY: Final = 2 * 1024 * 1024
"""Bytes that one pattern may use while it is searched for."""

Matches = Callable[[str], bool]


class InvalidPattern(InvalidInput):
    """A pattern that lines cannot be picked by."""

    code = "invalid_pattern"


def matcher(pattern: str, *, regex: bool) -> Matches:
    """Make what tells whether a line has a pattern in it.

    Raises:
        InvalidPattern: it is too long, too large, or no regular expression.

    """
    if len(pattern.encode("utf-8", "surrogatepass")) > LONGEST_PATTERN:
        raise InvalidPattern(
            f"cannot use a pattern of more than {LONGEST_PATTERN} bytes", highest=LONGEST_PATTERN
        )
    if not regex:
        return lambda line: pattern in line
    return _searching(pattern)


def _searching(pattern: str) -> Matches:
    try:
        import re2  # type: ignore[import-untyped] # noqa: PLC0415 - 30 ms, for who searches by one
    except ImportError:
        raise InvalidPattern(
            "cannot use regular expressions: google-re2 is not installed", pattern=shown(pattern)
        ) from None
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except UnicodeError:
        raise _unusable(pattern, "it is not UTF-8") from None
    except re2.error as error:
        raise _unusable(pattern, _reason(error)) from None
    if compiled.programsize > LARGEST_PROGRAM:
        raise _unusable(pattern, "it is too large, with all of its repetitions")
    return lambda line: compiled.search(line) is not None


def _reason(error: Exception) -> str:
    return b"".join(error.args).decode("utf-8", "replace")  # as bytes, in this library


def _unusable(pattern: str, reason: str) -> InvalidPattern:
    return InvalidPattern(
        f"cannot use the pattern {shown(pattern)}: {shown(reason)}", pattern=shown(pattern)
    )

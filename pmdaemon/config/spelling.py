"""How the names of fields may be written: `max_restarts` and `maxRestarts` are one."""

import re
from collections.abc import Iterable

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def spelled(key: str) -> str:
    """Spell a name as we do: small letters, with underscores."""
    return _CAPITAL.sub(r"_\1", key).lower()


def in_camel_case(name: str) -> str:
    """Spell a name of ours as JavaScript does."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def unknown(spelling: str, known: Iterable[str]) -> str:
    """Say that a field is not known, and which one may have been meant."""
    # Only a mistake pays for this import.
    import difflib  # noqa: PLC0415

    close = difflib.get_close_matches(spelling[:100], list(known), n=1)
    return f"unknown field; did you mean {close[0]}?" if close else "unknown field"

"""Hiding values that are known to be secret in what programs print."""

from collections.abc import Iterable

from pmdaemon.core.masking import MASK

SHORTEST = 4
"""Characters; a shorter value is in every other word, and hides nothing."""

HARMLESS = frozenset({"true", "false", "none", "null", "production", "development", "test"})


class Masker:
    """Replaces values wherever they stand, the longest first, each line of those with several."""

    def __init__(self, values: Iterable[str]) -> None:
        lines = {line.strip() for value in values for line in value.splitlines()}
        self._values = sorted(
            (one for one in lines if len(one) >= SHORTEST and one.lower() not in HARMLESS),
            key=len,
            reverse=True,
        )

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        for value in self._values:
            if value in text:
                text = text.replace(value, MASK)
        return text

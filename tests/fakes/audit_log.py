"""A record of changes in memory."""

from collections.abc import Mapping


class FakeAuditLog:
    """Remembers every entry."""

    def __init__(self) -> None:
        self.entries: list[Mapping[str, object]] = []

    def write(self, entry: Mapping[str, object]) -> None:
        """Add an entry."""
        self.entries.append(entry)

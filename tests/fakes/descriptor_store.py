"""A keeper of descriptors within the test's own process."""

import os


class FakeDescriptorStore:
    """Keeps copies of descriptors, by name, until `close`."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    def keep(self, name: str, descriptor: int) -> None:
        """Keep a copy of this descriptor, in place of an earlier one of that name."""
        self.drop(name)
        self.kept[name] = os.dup(descriptor)

    def take(self, name: str) -> int | None:
        """Get a copy of what is kept."""
        return os.dup(self.kept[name]) if name in self.kept else None

    def drop(self, name: str) -> None:
        """Close the copy."""
        if name in self.kept:
            os.close(self.kept.pop(name))

    def close(self) -> None:
        """Close everything."""
        for name in list(self.kept):
            self.drop(name)

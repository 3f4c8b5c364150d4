"""Revocations that a test makes."""


class FakeRevocations:
    """Revokes what is in `revoked`."""

    def __init__(self) -> None:
        self.revoked: set[str] = set()

    def names(self) -> frozenset[str]:
        """List names of tokens."""
        return frozenset(self.revoked)

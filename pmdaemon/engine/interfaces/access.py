"""Keys, secrets, and who is let in no more."""

from collections.abc import Collection, Mapping
from typing import Protocol


class TokenMint(Protocol):
    """Makes keys and signed tokens."""

    def key(self) -> str:
        """Make a key that nobody guesses."""

    def sign(self, claims: Mapping[str, object]) -> str:
        """Make a token of claims.

        Raises:
            PmdaemonError: there is no secret to sign with, and none can be made.

        """

    def read(self, token: str, now: float) -> Mapping[str, object] | None:
        """Get the claims of a token that we signed and that has not expired; None of any other."""

    def rotate(self, until: float) -> None:
        """Sign with a new secret; what was signed with the former ones is good until then."""


class SecretFiles(Protocol):
    """Small files that nobody else may read."""

    def read(self, name: str) -> str | None:
        """Read one; None when there is none."""

    def write(self, name: str, text: str) -> str:
        """Write one, whole or not at all, and return its path.

        Raises:
            PmdaemonError: it cannot be written.

        """

    def remove(self, name: str) -> None:
        """Remove one; that there is none is as well."""


class Revocations(Protocol):
    """Who is let in no more, whatever they show, as the settings say."""

    def names(self) -> Collection[str]:
        """List names of tokens, in lower case, as they are written down at this moment."""

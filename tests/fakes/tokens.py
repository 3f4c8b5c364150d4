"""A mint whose keys are numbered and whose tokens can be read by anybody."""

import base64
import binascii
import json
from collections.abc import Mapping


class FakeTokenMint:
    """Makes keys and tokens; the secret is a number, newest last, with until when it is good."""

    def __init__(self) -> None:
        self._keys = 0
        self._until: list[float | None] = [None]

    def key(self) -> str:
        """Make the next key."""
        self._keys += 1
        return f"made-key-{self._keys}"

    def sign(self, claims: Mapping[str, object]) -> str:
        """Make a token of claims."""
        signed = {"secret": len(self._until) - 1, "claims": dict(claims)}
        return f"fake.{base64.urlsafe_b64encode(json.dumps(signed).encode()).decode()}.signature"

    def read(self, token: str, now: float) -> Mapping[str, object] | None:
        """Get the claims of a token that was signed here and has not expired."""
        try:
            signed = json.loads(
                base64.urlsafe_b64decode(token.removeprefix("fake.").removesuffix(".signature"))
            )
            until, claims = self._until[signed["secret"]], signed["claims"]
        except (ValueError, binascii.Error, LookupError, TypeError):
            return None
        expires = claims.get("exp")
        if (until is not None and until <= now) or (expires is not None and expires <= now):
            return None
        found: Mapping[str, object] = claims
        return found

    def rotate(self, until: float) -> None:
        """Sign with the next secret."""
        self._until = [min(until, one or until) for one in self._until] + [None]

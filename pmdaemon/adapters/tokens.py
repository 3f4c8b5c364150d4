"""Random keys, and JSON Web Tokens (RFC 7519) signed with a secret of this home.

The secret is in a file that holds the newest first: it signs, and all that have not run out verify.
PyJWT is imported at the first token, as it brings OpenSSL with it.
"""

import base64
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from pmdaemon.adapters.secret_lists import SecretList
from pmdaemon.engine.interfaces import SecretFiles

SECRETS_FILE = "token-secrets"

SESSION_SECRETS_FILE = "session-secrets"
"""Sessions of accounts have secrets of their own, so that no token passes for another kind."""

SECRET_BYTES = 64
"""As many as the largest hash has (RFC 7518, 3.2)."""


class Secret(msgspec.Struct, frozen=True):
    """Something to sign with, in base64; a former one is good `until` then, in epoch seconds."""

    id: str
    secret: str
    until: float | None = None


class JwtMint:
    """Makes keys, and tokens of one kind, for one home."""

    def __init__(
        self,
        files: SecretFiles,
        *,
        algorithm: Literal["HS256", "HS512"] = "HS512",
        secrets_file: str = SECRETS_FILE,
    ) -> None:
        self._algorithm = algorithm
        self._secrets = SecretList(
            files,
            secrets_file,
            field="secrets",
            kind=Secret,
            loss="with it moved away, a new one is made, and what was signed has to be made again",
        )

    def key(self) -> str:
        """Make a key that nobody guesses: 192 bits, without signs that a shell minds."""
        import secrets  # noqa: PLC0415 - OpenSSL, by way of hashlib

        # A shell, and an option parser, would mistake what begins with a dash.
        return secrets.token_urlsafe(24).replace("-", "_")

    def sign(self, claims: Mapping[str, object]) -> str:
        """Make a token of claims."""
        import jwt  # noqa: PLC0415 - see above

        known = self._secrets.all()
        newest = known[0] if known else self._begin(until=None)
        return jwt.encode(
            dict(claims),
            base64.b64decode(newest.secret),
            algorithm=self._algorithm,
            headers={"kid": newest.id},
        )

    def read(self, token: str, now: float) -> Mapping[str, object] | None:
        """Get the claims of a token that we signed and that has not expired; None of any other."""
        import jwt  # noqa: PLC0415 - see above

        good = [one for one in self._secrets.all() if one.until is None or one.until > now]
        for one in good:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    base64.b64decode(one.secret),
                    algorithms=[self._algorithm],
                    # The time is the daemon's, not the library's.
                    options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
                )
            except jwt.InvalidTokenError:
                continue
            expires = claims.get("exp")
            timely = expires is None or (isinstance(expires, int | float) and expires > now)
            return claims if timely else None
        return None

    def rotate(self, until: float) -> None:
        """Sign with a new secret; what was signed with the former ones is good until then."""
        self._begin(until=until)

    def _begin(self, *, until: float | None) -> Secret:
        import secrets  # noqa: PLC0415 - see above

        fresh = Secret(
            id=secrets.token_hex(4),
            secret=base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode(),
        )
        former = [
            Secret(one.id, one.secret, min(until, one.until or until))
            for one in self._secrets.all()
            if until is not None
        ]
        self._secrets.replace([fresh, *former])
        return fresh

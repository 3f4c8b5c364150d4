"""Signed messages as ACME has them: JSON, signed with the key of an account (RFC 7515)."""

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CURVE = ec.SECP256R1()
COORDINATE = 32
"""Bytes of a number on this curve (RFC 7518, section 3.4)."""


class AccountKey:
    """The key of an account, on the curve that ES256 is about."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        numbers = key.public_key().public_numbers()
        self._jwk = {
            "crv": "P-256",
            "kty": "EC",
            "x": base64url(numbers.x.to_bytes(COORDINATE)),
            "y": base64url(numbers.y.to_bytes(COORDINATE)),
        }

    @property
    def thumbprint(self) -> str:
        """What names the key (RFC 7638): its members in order, without a space."""
        text = json.dumps(self._jwk, sort_keys=True, separators=(",", ":"))
        return base64url(hashlib.sha256(text.encode()).digest())

    def signed(
        self, url: str, nonce: str, payload: Mapping[str, object] | None, *, account: str | None
    ) -> bytes:
        """Sign a request (RFC 8555, section 6.2); without a payload it asks for what is there.

        Without an `account`, the request brings the key along.
        """
        whose = {"jwk": self._jwk} if account is None else {"kid": account}
        protected = _encoded({"alg": "ES256", "nonce": nonce, "url": url, **whose})
        body = "" if payload is None else _encoded(payload)
        signature = self._key.sign(f"{protected}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        numbers = decode_dss_signature(signature)
        signed = b"".join(one.to_bytes(COORDINATE) for one in numbers)
        message = {"protected": protected, "payload": body, "signature": base64url(signed)}
        return json.dumps(message).encode()


def base64url(data: bytes) -> str:
    """Encode bytes for a URL, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _encoded(value: Mapping[str, object]) -> str:
    return base64url(json.dumps(value).encode())

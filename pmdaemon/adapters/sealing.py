"""Texts sealed with AES-256-GCM, by a key that is in a file of the home and not in the store.

What is sealed begins with the version of this form, the id of its key and a nonce. It is bound to
what it is about: put in another place, it cannot be opened. The file holds the newest key first.
cryptography is imported at the first text, as it brings OpenSSL with it.
"""

import base64
import os
from typing import TYPE_CHECKING

import msgspec

from pmdaemon.adapters.secret_lists import SecretList
from pmdaemon.core.errors import OperationFailed
from pmdaemon.engine.interfaces import SecretFiles

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEYS_FILE = "sealing-keys"

VERSION = b"\x01"
KEY_ID_BYTES = 4
KEY_BYTES = 32
NONCE_BYTES = 12
"""As NIST SP 800-38D has it (8.2.2): random, and so good for 2^32 texts of one key."""


class SealingKey(msgspec.Struct, frozen=True):
    """A key by its id, both in base64."""

    id: str
    key: str

    def __repr__(self) -> str:
        return "SealingKey(<hidden>)"


class AesGcmSealer:
    """Seals and opens for one home."""

    def __init__(self, files: SecretFiles) -> None:
        self._keys = SecretList(
            files,
            KEYS_FILE,
            field="keys",
            kind=SealingKey,
            loss="without it, variables of projects have to be set again",
        )

    def seal(self, text: str, *, about: str) -> bytes:
        """Seal a text; it can be opened only as being `about` the same thing."""
        if not self._keys.all():
            self.begin_key()
        newest = self._keys.all()[0]
        head = VERSION + base64.b64decode(newest.id)
        nonce = os.urandom(NONCE_BYTES)
        return head + nonce + _cipher(newest).encrypt(nonce, text.encode(), _bound(head, about))

    def open(self, sealed: bytes, *, about: str) -> str:
        """Open what was sealed."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see above

        head, rest = sealed[: 1 + KEY_ID_BYTES], sealed[1 + KEY_ID_BYTES :]
        nonce, content = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        id_ = base64.b64encode(head[1:]).decode()
        key = next((one for one in self._keys.all() if one.id == id_), None)
        if key is None or not head.startswith(VERSION):
            raise OperationFailed(
                f"cannot decrypt a secret: its key is not in the file {KEYS_FILE} of the home",
                code="sealing_key_missing",
            )
        try:
            return _cipher(key).decrypt(nonce, content, _bound(head, about)).decode()
        except (InvalidTag, ValueError):
            raise OperationFailed(
                "cannot decrypt a secret: it was altered", code="seal_broken"
            ) from None

    def begin_key(self) -> None:
        """Seal with a new key from now on; what was sealed with the former ones can be opened."""
        fresh = SealingKey(
            id=base64.b64encode(os.urandom(KEY_ID_BYTES)).decode(),
            key=base64.b64encode(os.urandom(KEY_BYTES)).decode(),
        )
        self._keys.replace([fresh, *self._keys.all()])

    def forget_former_keys(self) -> None:
        """Keep the newest key only."""
        self._keys.replace(self._keys.all()[:1])


def _cipher(key: SealingKey) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see above

    return AESGCM(base64.b64decode(key.key))


def _bound(head: bytes, about: str) -> bytes:
    return head + about.encode()

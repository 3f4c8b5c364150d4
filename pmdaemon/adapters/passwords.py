"""Hashes of passwords: Argon2id (RFC 9106), with the least that OWASP asks of it.

cryptography is imported at the first password, as it brings OpenSSL with it.
"""

import asyncio
import os
from collections.abc import Callable
from typing import TypeVar

MEMORY = 19 * 1024
"""KiB."""

ITERATIONS = 2
LANES = 1
SALT_BYTES = 16
HASH_BYTES = 32

AT_ONCE = 2
"""Hashes that are made at the same time: each takes its memory, and a core."""

T = TypeVar("T")


class Argon2Hasher:
    """Makes hashes in threads, a few at a time."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """Make a hash, with a salt of its own."""
        return await self._apart(lambda: _hash(password))

    async def verify(self, password: str, hashed: str) -> bool:
        """Tell whether a hash was made of this password."""
        return await self._apart(lambda: _verify(password, hashed))

    async def _apart(self, work: Callable[[], T]) -> T:
        async with self._free:
            return await asyncio.to_thread(work)


def _hash(password: str) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - see above

    made = Argon2id(
        salt=os.urandom(SALT_BYTES),
        length=HASH_BYTES,
        iterations=ITERATIONS,
        lanes=LANES,
        memory_cost=MEMORY,
    )
    return made.derive_phc_encoded(password.encode())


def _verify(password: str, hashed: str) -> bool:
    from cryptography.exceptions import InvalidKey  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - see above

    try:
        Argon2id.verify_phc_encoded(password.encode("utf-8", "surrogatepass"), hashed)
    except (InvalidKey, ValueError):
        return False
    return True

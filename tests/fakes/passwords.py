"""A hasher whose hashes anybody can read."""

import asyncio


class FakeHasher:
    """Makes hashes at once; `verified` counts how often one was compared."""

    def __init__(self) -> None:
        self.verified = 0

    async def hash(self, password: str) -> str:
        """Make a hash."""
        await asyncio.sleep(0)
        return f"hash of {password}"

    async def verify(self, password: str, hashed: str) -> bool:
        """Tell whether a hash was made of this password."""
        await asyncio.sleep(0)
        self.verified += 1
        return hashed == f"hash of {password}"

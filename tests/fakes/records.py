"""Records in memory: what stores of the newest of something have in common."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from pmdaemon.core.errors import StoreUnavailable


class Record(Protocol):
    """Has a time, in seconds since the epoch."""

    @property
    def time(self) -> float:
        """When it was."""


class Query(Protocol):
    """Says how many of the newest are wanted, and from when until when."""

    @property
    def limit(self) -> int:
        """How many, at the most."""

    @property
    def since(self) -> float | None:
        """From then on."""

    @property
    def until(self) -> float | None:
        """Up to then."""


R = TypeVar("R", bound=Record)
Q = TypeVar("Q", bound=Query)


class MemoryRecords(Generic[R, Q]):
    """Remembers the newest; while `failure` is set, nothing can be read or written.

    Args:
        most: how many stay.
        fits: whether a record is what a query asks for, times apart.

    """

    def __init__(self, most: int, fits: Callable[[R, Q], bool]) -> None:
        self.failure: StoreUnavailable | None = None
        self._records: list[R] = []
        self._most = most
        self._fits = fits

    async def write(self, records: Sequence[R], /) -> None:
        """Write records down."""
        await self._be_reached()
        self._records = [*self._records, *records][-self._most :]

    async def find(self, query: Q) -> Sequence[R]:
        """List what fits, oldest first."""
        await self._be_reached()
        fitting = [
            one
            for one in self._records
            if (query.since is None or one.time >= query.since)
            and (query.until is None or one.time <= query.until)
            and self._fits(one, query)
        ]
        fitting.sort(key=lambda one: one.time)
        return fitting[-query.limit :] if query.limit else []

    async def _be_reached(self) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure

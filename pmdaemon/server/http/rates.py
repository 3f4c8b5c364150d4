"""How many requests an address may make.

A request is charged to all limits together or, when one of them is spent, to none, so that a client
that waits as long as it is told gets in. A limit is exact: it looks back over its own span from
the moment of the request, and there is no edge of a minute at which twice as much would pass.
"""

import math
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from msgspec import Struct

from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.engine.interfaces import Clock

MOST_ADDRESSES = 4096
"""Addresses that are kept in mind; beyond them, those that were silent longest are forgotten."""

Limits = Sequence[RateLimit]


class Standing(Struct, frozen=True):
    """Where an address stands, by the limit that is nearest to being spent.

    `reset` is when there will be more than now, in seconds since the epoch; `wait` is how many
    seconds a refused one has to, and None for one that was not refused.
    """

    limit: int
    remaining: int
    reset: int
    wait: int | None = None


class Rates:
    """Remembers when each address made its latest requests."""

    def __init__(self, clock: Clock, *, most_addresses: int = MOST_ADDRESSES) -> None:
        self._clock = clock
        self._most_addresses = most_addresses
        self._made: OrderedDict[tuple[str, tuple[RateLimit, ...]], array[float]] = OrderedDict()

    def charge(self, address: str, limits: Limits) -> Standing | None:
        """Count a request, unless a limit is spent; None where there is no limit."""
        if not limits:
            return None
        made = self._times_of(address, limits)
        now = self._clock.now().monotonic
        del made[: bisect_right(made, now - max(limit.seconds for limit in limits))]
        spent = [limit for limit in limits if _used(made, now, limit) >= limit.requests]
        if spent:
            return self._refusal(made, spent)
        made.append(now)
        return self._standing(made, limits)

    def look(self, address: str, limits: Limits) -> Standing | None:
        """Tell how an address stands, without counting anything."""
        if not limits:
            return None
        made = self._made.get((address, tuple(limits)), array("d"))
        return self._standing(made, limits)

    def _times_of(self, address: str, limits: Limits) -> "array[float]":
        key = (address, tuple(limits))
        made = self._made.setdefault(key, array("d"))
        self._made.move_to_end(key)
        if len(self._made) > self._most_addresses:
            self._made.popitem(last=False)
        return made

    def _standing(self, made: "array[float]", limits: Limits) -> Standing:
        now = self._clock.now()
        nearest = min(limits, key=lambda one: one.requests - _used(made, now.monotonic, one))
        used = _used(made, now.monotonic, nearest)
        oldest = made[len(made) - used] if used else now.monotonic - nearest.seconds
        return Standing(
            limit=nearest.requests,
            remaining=max(0, nearest.requests - used),
            reset=math.ceil(now.wall + oldest + nearest.seconds - now.monotonic),
        )

    def _refusal(self, made: "array[float]", spent: Limits) -> Standing:
        now = self._clock.now()

        def wait(limit: RateLimit) -> float:
            return made[len(made) - limit.requests] + limit.seconds - now.monotonic

        longest = max(spent, key=wait)
        return Standing(
            limit=longest.requests,
            remaining=0,
            reset=math.ceil(now.wall + wait(longest)),
            wait=max(1, math.ceil(wait(longest))),
        )


def _used(made: "array[float]", now: float, limit: RateLimit) -> int:
    return len(made) - bisect_right(made, now - limit.seconds)

"""Waiting for something to become so, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LIMITS = 0.3, 3.0, 30.0
"""Seconds to try in turn as the limit of a program that has to come to begin before it is ended."""

_INTERVAL = 0.01


async def eventually(condition: Callable[[], T], *, within: float = 60.0) -> T:
    """Return the first truthy value of `condition`, or fail after `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still {value!r} after {within} s")
        await asyncio.sleep(_INTERVAL)
    return value


def eventually_sync(condition: Callable[[], T], *, within: float = 60.0) -> T:
    """Do the same where there is no event loop."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still {value!r} after {within} s")
        time.sleep(_INTERVAL)
    return value

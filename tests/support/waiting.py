"""Waiting for something that is about to be so."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL = 0.01


async def eventually(condition: Callable[[], T], *, within: float = 10.0) -> T:
    """Wait until `condition()` is truthy, and return it; after `within` seconds fail."""
    give_up = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > give_up:
            raise AssertionError(f"still {value!r} after {within} s")
        await asyncio.sleep(POLL)
    return value


def eventually_sync(condition: Callable[[], T], *, within: float = 10.0) -> T:
    """Wait as `eventually` does, for tests without an event loop."""
    give_up = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > give_up:
            raise AssertionError(f"still {value!r} after {within} s")
        time.sleep(POLL)
    return value

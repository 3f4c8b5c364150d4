"""Waiting for something to become so, in place of sleeping."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(condition: Callable[[], T], *, within: float = 10.0) -> T:
    """Return the first truthy value of `condition`, asked every 10 ms."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still {value!r} after {within} s")
        await asyncio.sleep(0.01)
    return value


def eventually_sync(condition: Callable[[], T], *, within: float = 10.0) -> T:
    """Return the first truthy value of `condition`, asked every 10 ms."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still {value!r} after {within} s")
        time.sleep(0.01)
    return value

"""Work in a thread that is over before anybody goes on, also when nobody wants it any more."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T], *, undo: Callable[[T], None] | None = None) -> T:
    """Do what takes time in a thread, and wait for its end even when cancelled.

    `asyncio.to_thread` leaves its thread behind when it is cancelled. So whoever then closed a file
    would close it under the hands of the thread, and another file may have its number already.

    Args:
        work: what is done.
        undo: what is done with a result that nobody takes, as whoever asked was cancelled.

    """
    working = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        if working.exception() is None and undo is not None:
            undo(working.result())
        raise

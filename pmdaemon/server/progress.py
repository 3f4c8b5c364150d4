"""Telling a client that waits what it waits for, so that it goes on waiting."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.process import Starting, Stopped, Stopping, Wish
from pmdaemon.engine.snapshots import Snapshots
from pmdaemon.server.control_socket import Conversation

INTERVAL: Final = 1.0
"""Seconds between two sentences; what takes less has none."""

MOST_NAMES: Final = 3


async def with_progress(
    work: Coroutine[Any, Any, dict[str, Any]],
    conversation: Conversation,
    describe: Callable[[], str],
    *,
    interval: float = INTERVAL,
) -> dict[str, Any]:
    """Do the work of a verb, with a sentence of `describe` every `interval` seconds.

    Work that was begun goes on when the client hangs up.
    """
    task = asyncio.get_running_loop().create_task(work, name="verb")
    try:
        while not (await asyncio.wait({task}, timeout=interval))[0]:
            await conversation.send({"progress": describe()})
    except ConnectionError:
        # Nobody is there to be told what was refused, and it is no fault of ours.
        with contextlib.suppress(PmdaemonError):
            await task
        raise
    except asyncio.CancelledError:
        task.cancel()
        raise
    return task.result()


def waiting_for(processes: Snapshots, deployments: Sequence[str] = ()) -> str:
    """Say which processes are on their way up or down, and what else there is to wait for."""
    ending = _names(processes, Stopping)
    starting = _names(processes, Starting)
    held = [one for one in processes if one.process.wish is Wish.UP and one.process.spec.depends_on]
    waiting = _names(held, Stopped)
    parts = [f"{ending} to end"] * bool(ending) + [f"{starting} to start"] * bool(starting)
    parts += [f"what {waiting} depends on"] * bool(waiting)
    parts += [", ".join(deployments)] * bool(deployments)
    return f"waiting for {' and '.join(parts)}" if parts else "still working"


def _names(processes: Snapshots, state: type) -> str:
    names = [
        f"{one.process.name} (id {one.process.seat})"
        for one in processes
        if isinstance(one.process.state, state)
    ]
    more = [f"{len(names) - MOST_NAMES} more"] * (len(names) > MOST_NAMES)
    return ", ".join([*names[:MOST_NAMES], *more])

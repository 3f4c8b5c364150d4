"""A program that commits numbers to a store, and says each one that was acknowledged.

Number n is in three places of one action, so that half of one would show.
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from msgspec.structs import replace

from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.process import Instant, Process
from pmdaemon.core.spec import AppSpec, Command
from pmdaemon.engine.interfaces import Changes, Stored

COMMAND = Command("web.js", (), None, ("/srv/web.js",))


def change_to(number: int) -> Changes:
    """Write `number` into the counters of two processes and beside them, urgently now and then."""
    one, other = (
        Process(
            pm_id=pm_id,
            instance=0,
            spec=AppSpec(name=f"app-{pm_id}", command=COMMAND, cwd="/srv", env={"N": str(number)}),
            created=Instant(0.0, 0.0),
            restarts=number,
        )
        for pm_id in (0, 1)
    )
    other = replace(other, tcp_port=number)
    return Changes(written=[one, other], next_pm_id=number, urgent=number % 7 == 0)


def numbers_in(held: Stored) -> set[int]:
    """All the numbers that a store holds: one, or something is wrong."""
    numbers = {held.next_pm_id}
    for process in held.processes:
        numbers |= {process.restarts, int(process.spec.env["N"])}
    return numbers


async def commit_for_ever(path: Path) -> None:
    """Go on from the number that the store holds."""
    async with SqliteStore(path) as store:
        first = (await store.load()).next_pm_id + 1
        for number in itertools.count(first):
            await store.commit(change_to(number))
            os.write(sys.stdout.fileno(), f"{number}\n".encode())


if __name__ == "__main__":
    asyncio.run(commit_for_ever(Path(sys.argv[1])))

"""Programs that commit numbers to a store and die while they write, one after another.

`python -m tests.chaos.store_victims STORE SEED KILLS` prints a line of JSON for each death: where
it was, the last number that was acknowledged, and the numbers that the store holds after it.

Three ways to die: at a statement, before or after it; at a byte of a file, in the middle of a
write (setrlimit(2), RLIMIT_FSIZE); and at an instruction, by a timer (setitimer(2)).
"""

import asyncio
import itertools
import json
import os
import random
import resource
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pmdaemon.adapters.sqlite import connection
from pmdaemon.adapters.sqlite.store import SqliteStore
from tests.support.committer import change_to, numbers_in

STATEMENTS = 80
"""The statements of some four commits."""

BYTES = 300_000
"""What the journal grows to within some twenty commits."""

SECONDS = 0.05


Doom = tuple[str, Callable[[], object]]
"""Where it is to end, and what sees to that."""


def at_a_statement(rng: random.Random) -> Doom:
    """Die before or after one of the next statements."""
    last, before = rng.randrange(1, STATEMENTS), rng.random() < 0.5
    count = itertools.count(1)

    class Mortal(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            return self._carefully(super().execute, *arguments)

        def executemany(self, *arguments: Any) -> sqlite3.Cursor:
            return self._carefully(super().executemany, *arguments)

        def _carefully(self, execute: Callable[..., sqlite3.Cursor], *arguments: Any) -> Any:
            is_last = next(count) == last
            if is_last and before:
                die()
            done = execute(*arguments)
            if is_last:
                die()
            return done

    def arm() -> None:
        plain = sqlite3.connect
        # The store knows nothing of this: its module gets another way to connect.
        connection.sqlite3.connect = lambda *a, **more: plain(*a, **more, factory=Mortal)  # type: ignore[attr-defined]

    return f"{'before' if before else 'after'} statement {last}", arm


def at_a_byte(rng: random.Random) -> Doom:
    """Die where a file would grow beyond a size."""
    last = rng.randrange(1, BYTES)

    def arm() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (last, resource.RLIM_INFINITY))

    return f"at byte {last}", arm


def at_an_instruction(rng: random.Random) -> Doom:
    """Die after a while."""
    seconds = rng.random() * SECONDS

    def arm() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-5))

    return f"after {seconds:.6f} s", arm


def die() -> None:
    """End at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def live_and_die(store: Path, rng: random.Random, says: int) -> None:
    """Commit numbers until that is the end."""
    first = asyncio.run(held_by(store))["next"] + 1
    choose = rng.choice([at_a_statement, at_a_byte, at_an_instruction])
    where, arm = choose(rng)
    # Said before anything can come of it.
    os.write(says, f"{where}\n".encode())
    arm()

    async def commit() -> None:
        async with SqliteStore(store) as opened:
            for number in itertools.count(first):
                await opened.commit(change_to(number))
                os.write(says, f"{number}\n".encode())

    asyncio.run(commit())


async def held_by(store: Path) -> dict[str, Any]:
    """Open a store and look what is in it."""
    async with SqliteStore(store) as opened:
        held = await opened.load()
        return {"next": held.next_pm_id, "held": sorted(numbers_in(held))}


def main(store: str, seed: str, kills: str) -> None:
    """Bring up one victim after another."""
    asyncio.run(_begin(Path(store)))
    acknowledged = 1
    for number in range(int(kills)):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                live_and_die(Path(store), random.Random(f"{seed} {number}"), writing)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as said:
            where, *numbers = said.read().splitlines()
        _, status = os.waitpid(pid, 0)
        acknowledged = int(numbers[-1]) if numbers else acknowledged
        held = asyncio.run(held_by(Path(store)))["held"]
        died = os.WIFSIGNALED(status)
        print(json.dumps({"where": where, "died": died, "acked": acknowledged, "held": held}))  # noqa: T201 - the test reads it
        acknowledged = held[-1]


async def _begin(store: Path) -> None:
    async with SqliteStore(store) as opened:
        await opened.commit(change_to(1))


if __name__ == "__main__":
    main(*sys.argv[1:])

import signal
import subprocess
import time
from functools import partial
from pathlib import Path

from bench.figures import Figure, percentile
from bench.managers import Contender, Pair, python_program
from bench.system import wait_for

SECONDS_OF_LIFE = 1.1
"""How long a program has lived when it is killed: runit has one that lived for less than a second
wait for the rest of it.
"""

SLOW = frozenset({"supervisor", "circus"})
"""Who looks around once in a while; these few times take long enough."""

LIMIT = 20.0
"""Milliseconds that are promised where there is no runit to compare with."""


def measure(pair: Pair, effort: float) -> list[Figure]:
    """From `kill -9` of a small Python program, a second old, to the first line of its next run."""
    for manager in pair.everybody:
        stamps = _stamps(manager)
        manager.start([python_program("stamp", "stamp.py", str(stamps), max_restarts=10_000)])
        wait_for(partial(_read, stamps), "the first start")
    quick = [one for one in pair.everybody if one.name not in SLOW]
    samples: dict[str, list[float]] = {one.name: [] for one in pair.everybody}
    for _ in range(round(50 * effort) or 1):
        time.sleep(SECONDS_OF_LIFE)
        for manager in quick:
            samples[manager.name].append(_back(manager))
    for _ in range(round(5 * effort) or 1):
        time.sleep(SECONDS_OF_LIFE)
        for manager in pair.others:
            if manager.name in SLOW:
                samples[manager.name].append(_back(manager))
    ours, theirs = samples.pop(pair.ours.name), samples.pop(pair.theirs.name)
    bare = [_bare(pair) for _ in range(round(20 * effort) or 1)]
    limit = round(percentile(samples["runit"], 50), 1) if "runit" in samples else LIMIT
    return [
        Figure("crash to next start", "ms", ours, theirs, limit=limit, others=samples),
        Figure(
            "crash to next start, p99",
            "ms",
            [percentile(ours, 99)],
            [percentile(theirs, 99)],
            others={name: [percentile(taken, 99)] for name, taken in samples.items()},
        ),
        Figure("the bare start of that program", "ms", bare),
    ]


def _back(manager: Contender) -> float:
    stamps = _stamps(manager)
    lives = _read(stamps)
    program = next(one for one in manager.programs() if one.pid == lives[-1][1])
    killed = time.time_ns()
    program.send_signal(signal.SIGKILL)
    wait_for(lambda: len(_read(stamps)) > len(lives), f"{manager.name} to start it again")
    return (_read(stamps)[-1][0] - killed) / 1e6


def _bare(pair: Pair) -> float:
    """Start the same program with nobody in between: what no manager can be faster than."""
    stamps = _stamps(pair.ours).with_suffix(".bare")
    command = python_program("bare", "stamp.py", str(stamps))
    began = time.time_ns()
    with subprocess.Popen([command["script"], *command["args"]]) as program:
        lives = wait_for(lambda: _read(stamps), "a bare start")
        program.kill()
    stamps.unlink()
    return (lives[-1][0] - began) / 1e6


def _stamps(manager: Contender) -> Path:
    return manager.home.with_suffix(".stamps")


def _read(stamps: Path) -> list[tuple[int, int]]:
    """Read when, and as which pid, it was started; a line that is half written does not count."""
    if not stamps.exists():
        return []
    whole = [line.split() for line in stamps.read_text("ascii").splitlines(keepends=True)]
    return [(int(line[0]), int(line[1])) for line in whole if len(line) == 2]

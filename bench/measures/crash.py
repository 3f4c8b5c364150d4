import signal
import subprocess
import time
from functools import partial
from pathlib import Path

from bench.figures import Figure, percentile
from bench.managers import Manager, Pair, python_program
from bench.system import wait_for

SETTLING = 0.05


def measure(pair: Pair, effort: float) -> list[Figure]:
    """From `kill -9` of a small Python program to the first line of its next life."""
    for manager in pair:
        stamps = _stamps(manager)
        manager.start([python_program("stamp", "stamp.py", str(stamps), max_restarts=10_000)])
        wait_for(partial(_read, stamps), "the first start")
    samples = [(_back(pair.ours), _back(pair.theirs)) for _ in range(round(50 * effort))]
    ours, theirs = zip(*samples, strict=True)
    bare = [_bare(pair) for _ in range(round(20 * effort))]
    return [
        Figure("crash to next start", "ms", ours, theirs, limit=20),
        Figure("the same, p99", "ms", [percentile(ours, 99)], [percentile(theirs, 99)]),
        Figure("the bare start of that program", "ms", bare),
    ]


def _back(manager: Manager) -> float:
    stamps = _stamps(manager)
    lives = _read(stamps)
    program = next(one for one in manager.programs() if one.pid == lives[-1][1])
    time.sleep(SETTLING)
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


def _stamps(manager: Manager) -> Path:
    return manager.home.with_suffix(".stamps")


def _read(stamps: Path) -> list[tuple[int, int]]:
    """Read when, and as which pid, it was started; a line that is half written does not count."""
    if not stamps.exists():
        return []
    whole = [line.split() for line in stamps.read_text("ascii").splitlines(keepends=True)]
    return [(int(line[0]), int(line[1])) for line in whole if len(line) == 2]

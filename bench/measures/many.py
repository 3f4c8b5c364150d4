import time

from bench.figures import Figure
from bench.managers import Manager, Pair, sleepers
from bench.system import BenchFailed

PROCESSES = 200


def measure(pair: Pair, effort: float) -> list[Figure]:
    """200 programs from one file, by a daemon that is up."""
    for manager in pair:
        manager.start(sleepers(1))
        manager.delete_all()
    samples = [(_started(pair.ours), _started(pair.theirs)) for _ in range(round(5 * effort) or 1)]
    ours, theirs = zip(*samples, strict=True)
    return [Figure(f"start of {PROCESSES} from one file", "ms", ours, theirs, target=0.25)]


def _started(manager: Manager) -> float:
    began = time.perf_counter()
    manager.start(sleepers(PROCESSES))
    took = (time.perf_counter() - began) * 1000
    if (running := len(manager.programs())) != PROCESSES:
        raise BenchFailed(f"{manager.name} started {running} programs instead of {PROCESSES}")
    manager.delete_all()
    return took

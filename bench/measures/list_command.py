import time

from bench.figures import Figure
from bench.managers import Manager, Pair, sleepers

PROCESSES = 20
WARM_UPS = 3


def measure(pair: Pair, effort: float) -> list[Figure]:
    """`list` as a whole, from the shell's side, with 20 processes."""
    for manager in pair:
        manager.start(sleepers(PROCESSES))
        for _ in range(WARM_UPS):
            _listed(manager)
    samples = [(_listed(pair.ours), _listed(pair.theirs)) for _ in range(round(30 * effort))]
    ours, theirs = zip(*samples, strict=True)
    return [Figure(f"list of {PROCESSES} processes", "ms", ours, theirs, target=0.35)]


def _listed(manager: Manager) -> float:
    began = time.perf_counter()
    manager.run(manager.dialect.list_verb)
    return (time.perf_counter() - began) * 1000

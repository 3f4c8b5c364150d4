import time

from bench.figures import Figure
from bench.managers import Pair, sleepers
from bench.system import memory

PROCESSES = 100
SETTLING = 20.0
MIB = 2**20


def measure(pair: Pair, effort: float) -> list[Figure]:
    """Memory of the manager with 100 idle programs, web off, settled."""
    for manager in pair:
        manager.start(sleepers(PROCESSES))
    ours: list[dict[str, int]] = []
    theirs: list[dict[str, int]] = []
    for _ in range(3):
        time.sleep(SETTLING * effort / 3)
        ours.append(memory(pair.ours.daemon()))
        theirs.append(memory(pair.theirs.daemon()))

    def figure(what: str, key: str, target: float | None = None) -> Figure:
        return Figure(
            f"{what} with {PROCESSES} idle processes",
            "MiB",
            [one[key] / MIB for one in ours],
            [one[key] / MIB for one in theirs],
            target=target,
        )

    return [
        figure("memory (PSS)", "Pss", 0.6),
        figure("private memory", "Private"),
        figure("resident memory", "Rss"),
    ]

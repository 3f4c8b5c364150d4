import time

from bench.figures import Figure
from bench.managers import Contender, Pair, sleepers

PROCESSES = 20
WARM_UPS = 2


def measure(pair: Pair, effort: float) -> list[Figure]:
    """The whole `list` command, as the shell sees it, with 20 processes."""
    for manager in pair.everybody:
        manager.start(sleepers(PROCESSES))
        for _ in range(WARM_UPS):
            _listed(manager)
    rounds = range(round(20 * effort) or 1)
    samples = [[_listed(manager) for manager in pair.everybody] for _ in rounds]
    ours, theirs, *others = zip(*samples, strict=True)
    named = dict(zip((one.name for one in pair.others), others, strict=True))
    what = f"list of {PROCESSES} processes"
    return [Figure(what, "ms", ours, theirs, target=0.35, others=named)]


def _listed(manager: Contender) -> float:
    began = time.perf_counter()
    manager.show_list()
    return (time.perf_counter() - began) * 1000

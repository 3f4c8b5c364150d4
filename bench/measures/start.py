import time

from bench.figures import Figure
from bench.managers import Contender, Manager, Pair, sleepers
from bench.system import BenchFailed


def measure(pair: Pair, effort: float) -> list[Figure]:
    """The very first `start`: one program, with no home and no daemon yet.

    With those that have no such command: from the start of the daemon until the program is there.
    """
    for manager in pair.everybody:
        _started(manager)
    rounds = range(round(10 * effort) or 1)
    samples = [[_started(manager) for manager in pair.everybody] for _ in rounds]
    ours, theirs, *others = zip(*samples, strict=True)
    named = dict(zip((one.name for one in pair.others), others, strict=True))
    return [Figure("first start, daemon included", "ms", ours, theirs, target=0.5, others=named)]


def _started(manager: Contender) -> float:
    (app,) = sleepers(1)
    began = time.perf_counter()
    if isinstance(manager, Manager):
        options = ["--name", app["name"], "--interpreter", "none"]
        manager.run("start", app["script"], *options, "--", app["args"])
    else:
        manager.start([app])
    took = (time.perf_counter() - began) * 1000
    if not manager.programs():
        raise BenchFailed(f"{manager.name} says it started a program, and there is none")
    manager.end()
    return took

import time

from bench.figures import Figure
from bench.managers import Manager, Pair, sleepers
from bench.system import BenchFailed


def measure(pair: Pair, effort: float) -> list[Figure]:
    """The first `start` there is: no home, no daemon, one program."""
    for manager in pair:
        _started(manager)
    samples = [(_started(pair.ours), _started(pair.theirs)) for _ in range(round(10 * effort))]
    ours, theirs = zip(*samples, strict=True)
    return [Figure("first start, daemon included", "ms", ours, theirs, target=0.5)]


def _started(manager: Manager) -> float:
    (app,) = sleepers(1)
    command = [app["script"], "--name", app["name"], "--interpreter", "none", "--", app["args"]]
    began = time.perf_counter()
    manager.run("start", *command)
    took = (time.perf_counter() - began) * 1000
    if not manager.programs():
        raise BenchFailed(f"{manager.name} says it started a program, and there is none")
    manager.end()
    return took

import time
from collections.abc import Mapping, Sequence

from bench.figures import Figure
from bench.managers import Contender, Manager, Pair, sleepers
from bench.system import BenchFailed


def measure(pair: Pair, effort: float) -> list[Figure]:
    """200 programs from one file, with the daemon running; the others start with that file."""
    rounds = round(5 * effort) or 1
    ours, theirs = _compared(pair, 200, rounds)
    others = _others(pair, 200, min(rounds, 2))
    return [Figure("start of 200 from one file", "ms", ours, theirs, target=0.25, others=others)]


def measure_thousand(pair: Pair, effort: float) -> list[Figure]:
    """The same with 1,000 programs from one file."""
    ours, theirs = _compared(pair, 1000, round(effort) or 1)
    return [Figure("start of 1,000 from one file", "ms", ours, theirs, others=_others(pair, 1000))]


def _compared(pair: Pair, count: int, rounds: int) -> tuple[Sequence[float], Sequence[float]]:
    for manager in pair:
        manager.start(sleepers(1))
        manager.delete_all()
    samples = [(_started(pair.ours, count), _started(pair.theirs, count)) for _ in range(rounds)]
    ours, theirs = zip(*samples, strict=True)
    pair.fresh()
    return ours, theirs


def _others(pair: Pair, count: int, rounds: int = 1) -> Mapping[str, Sequence[float]]:
    return {one.name: [_started(one, count) for _ in range(rounds)] for one in pair.others}


def _started(manager: Contender, count: int) -> float:
    began = time.perf_counter()
    manager.start(sleepers(count))
    took = (time.perf_counter() - began) * 1000
    if (running := len(manager.programs())) != count:
        raise BenchFailed(f"{manager.name} started {running} programs instead of {count}")
    if isinstance(manager, Manager):
        manager.delete_all()
    else:
        manager.end()
    return took

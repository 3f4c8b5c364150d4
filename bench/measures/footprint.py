import time
from typing import NamedTuple

from bench.figures import Figure
from bench.managers import Contender, Pair, sleepers
from bench.system import cpu_seconds, memory

SETTLING = 10.0
DURATION = 20.0
SAMPLES = 3
MIB = 2**20


class Footprint(NamedTuple):
    """What a manager takes while its programs do nothing; memory in bytes, CPU in % of a core."""

    memory: list[dict[str, int]]
    cpu: float


def measure(pair: Pair, effort: float) -> list[Figure]:
    """Memory and CPU time of each manager with 100 idle programs and the web API off."""
    return _compared(pair, effort, 100, memory_target=0.6, cpu_limit=0.5)


def measure_thousand(pair: Pair, effort: float) -> list[Figure]:
    """The same with 1,000 idle programs."""
    return _compared(pair, effort, 1000, memory_target=None, cpu_limit=None)


def take(manager: Contender, effort: float) -> Footprint:
    """Let what runs settle, and look for a while at what it costs to keep it."""
    time.sleep(SETTLING * effort)
    began, before = time.monotonic(), cpu_seconds(manager.daemon())
    taken = []
    for _ in range(SAMPLES):
        time.sleep(DURATION * effort / SAMPLES)
        taken.append(memory(manager.daemon()))
    used = cpu_seconds(manager.daemon()) - before
    return Footprint(taken, used / (time.monotonic() - began) * 100)


def _compared(
    pair: Pair, effort: float, count: int, *, memory_target: float | None, cpu_limit: float | None
) -> list[Figure]:
    found: dict[str, Footprint] = {}
    for manager in pair.everybody:
        # One at a time: who looks at all processes of the machine is not to see the others'.
        manager.start(sleepers(count))
        found[manager.name] = take(manager, effort)
        manager.end()
    ours, theirs, *others = found.values()
    names = [one.name for one in pair.others]
    figures = [
        Figure(
            f"{what} with {count:,} idle processes",
            "MiB",
            [one[key] / MIB for one in ours.memory],
            [one[key] / MIB for one in theirs.memory],
            target=memory_target if key == "Pss" else None,
            others={
                name: [one[key] / MIB for one in other.memory]
                for name, other in zip(names, others, strict=True)
            },
        )
        for what, key in (("memory (PSS)", "Pss"), ("private memory", "Private"))
    ]
    cpu = Figure(
        f"idle CPU with {count:,} processes",
        "% of a core",
        [ours.cpu],
        [theirs.cpu],
        limit=cpu_limit,
        others={name: [one.cpu] for name, one in zip(names, others, strict=True)},
    )
    return [*figures, cpu]

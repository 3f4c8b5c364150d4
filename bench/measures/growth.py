import time
from typing import NamedTuple

from bench.figures import Figure
from bench.managers import Manager, Pair, sleepers
from bench.measures.footprint import MIB, take

SIZES = (10, 100, 500, 1000, 2000)
LISTS = 5
SHORTER = 0.5
"""How long to look, to what is looked at for the figures of one size."""


class Cost(NamedTuple):
    """What it takes to start so many, to list and to keep them."""

    start: float
    listing: float
    memory: float
    cpu: float


def measure(pair: Pair, effort: float) -> list[Figure]:
    """How cost grows with the number of processes, from 10 to 2,000."""
    figures = []
    for size in SIZES if effort >= 1 else SIZES[:3]:
        ours, theirs = (_cost(manager, size, effort) for manager in pair)
        figures += [
            Figure(f"{what}, {size:,} processes", unit, [one], [other])
            for what, unit, one, other in (
                ("growth: start", "ms", ours.start, theirs.start),
                ("growth: list", "ms", ours.listing, theirs.listing),
                ("growth: memory (PSS)", "MiB", ours.memory, theirs.memory),
                ("growth: idle CPU", "% of a core", ours.cpu, theirs.cpu),
            )
        ]
    return figures


def _cost(manager: Manager, size: int, effort: float) -> Cost:
    manager.start(sleepers(1))
    manager.delete_all()
    began = time.perf_counter()
    manager.start(sleepers(size))
    start = (time.perf_counter() - began) * 1000
    kept = take(manager, effort * SHORTER)
    began = time.perf_counter()
    for _ in range(LISTS):
        manager.show_list()
    listing = (time.perf_counter() - began) * 1000 / LISTS
    manager.end()
    return Cost(start, listing, kept.memory[-1]["Pss"] / MIB, kept.cpu)

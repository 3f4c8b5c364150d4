import time

from bench.figures import Figure
from bench.managers import Pair, sleepers
from bench.system import cpu_seconds

PROCESSES = 100
SETTLING = 5.0
DURATION = 30.0


def measure(pair: Pair, effort: float) -> list[Figure]:
    """Processor time of the manager while 100 programs do nothing."""
    for manager in pair:
        manager.start(sleepers(PROCESSES))
    time.sleep(SETTLING)
    began = time.monotonic()
    before = [cpu_seconds(manager.daemon()) for manager in pair]
    time.sleep(DURATION * effort)
    after = [cpu_seconds(manager.daemon()) for manager in pair]
    lasted = time.monotonic() - began
    ours, theirs = ((end - start) / lasted * 100 for start, end in zip(before, after, strict=True))
    what = f"idle CPU with {PROCESSES} processes"
    return [Figure(what, "% of a core", [ours], [theirs], limit=0.5)]

"""Made-up readings."""

from collections.abc import Mapping

from pmdaemon.core.metrics import HostSample, MemoryDetails, Sample, Usage
from pmdaemon.core.process import Identity
from tests.fakes.processes import FakeProcesses


class FakeProcessMetrics:
    """Sums what the made-up processes say of themselves; CPU is 0 the first time."""

    def __init__(self, processes: FakeProcesses) -> None:
        self._processes = processes
        self._sampled: set[Identity] = set()

    def sample(self, runs: Mapping[int, Identity]) -> Mapping[int, Sample]:
        """Measure the given runs, by pm_id."""
        samples = {}
        for pm_id, identity in runs.items():
            tree = self._processes.tree(identity)
            cpu = sum(process.cpu for process in tree) if identity in self._sampled else 0.0
            memory = sum(process.memory for process in tree)
            samples[pm_id] = Sample(cpu, memory, processes=len(tree))
        self._sampled = set(runs.values())
        return samples


class FakeHostMetrics:
    """Always gives the same reading, until `reading` is replaced."""

    def __init__(self) -> None:
        self.reading = HostSample(
            hostname="server-01",
            platform="linux",
            arch="x86_64",
            uptime=86_400.0,
            cores=8,
            cpu=15.2,
            load_average=(1.2, 1.5, 1.8),
            memory=Usage(total=16_777_216_000, used=8_388_608_000, free=8_388_608_000),
            disk=Usage(total=10**12, used=5 * 10**11, free=5 * 10**11),
            details=MemoryDetails(
                buffers=1_000_000,
                cached=2_000_000,
                swap=Usage(total=4_000_000, used=1_000_000, free=3_000_000),
                own=30_000_000,
            ),
        )

    def read(self) -> HostSample:
        """Take a reading."""
        return self.reading

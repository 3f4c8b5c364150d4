"""Measures what runs, every two seconds, and tells when one holds too much memory."""

from collections.abc import Callable

from pmdaemon.core.lifecycle_events import Event, MemoryExceeded
from pmdaemon.core.metrics import Sample
from pmdaemon.core.notices import Sampled
from pmdaemon.core.process import Online
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Cancellable, Clock, ProcessMetrics
from pmdaemon.engine.supervisor import Supervisor

INTERVAL = 2.0
"""Seconds between two samples."""

NOTHING = Sample()


class Sampler:
    """Keeps the latest sample of each process that is up."""

    def __init__(
        self,
        *,
        clock: Clock,
        metrics: ProcessMetrics,
        supervisor: Supervisor,
        post: Callable[[int, Event], None],
        bus: Bus,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._supervisor = supervisor
        self._post = post
        self._latest: dict[int, Sample] = {}
        self._next: Cancellable | None = None

    def latest(self, pm_id: int) -> Sample:
        """Read the latest sample of a process; all zero while it is down or not yet measured."""
        return self._latest.get(pm_id, NOTHING)

    def refresh(self) -> None:
        """Measure now, if something is up that has not been measured yet."""
        if any(
            isinstance(process.state, Online) and pm_id not in self._latest
            for pm_id, process in self._supervisor.processes.items()
        ):
            self._sample()

    def start(self) -> None:
        """Take a sample now, and from now on."""
        # The next one first: a sample that fails must not be the last.
        self._next = self._clock.call_later(INTERVAL, self.start)
        self._sample()
        self._bus.publish(Sampled(self._latest))

    def stop(self) -> None:
        """Take no more samples."""
        if self._next is not None:
            self._next.cancel()

    def _sample(self) -> None:
        online = {
            pm_id: (process, process.state.run.identity)
            for pm_id, process in self._supervisor.processes.items()
            if isinstance(process.state, Online)
        }
        if not online:
            self._latest = {}
            return
        samples = self._metrics.sample({pm_id: run for pm_id, (_, run) in online.items()})
        self._latest = dict(samples)
        for pm_id, (process, identity) in online.items():
            limit = process.spec.max_memory
            if limit is not None and self.latest(pm_id).memory > limit:
                self._post(pm_id, MemoryExceeded(identity))

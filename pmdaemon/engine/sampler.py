"""Measures what runs, every two seconds, and tells when one holds too much memory."""

from collections.abc import Callable, Mapping

from pmdaemon.core.lifecycle_events import Event, MemoryExceeded
from pmdaemon.core.metrics import Sample
from pmdaemon.core.notices import Sampled
from pmdaemon.core.process import Identity, Online, Process
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Cancellable, Clock, ProcessMetrics
from pmdaemon.engine.supervisor import Supervisor

INTERVAL = 2.0
"""Seconds between two samples."""

RECENT = 0.25
"""Seconds for which a sample of a program that has just begun is good enough for who looks."""

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
        self._latest: dict[Identity, Sample] = {}
        self._taken = 0.0
        self._next: Cancellable | None = None

    def latest(self, process: Process) -> Sample:
        """Read the latest sample of its present run; all zero while that is not yet measured."""
        return NOTHING if process.run is None else self._latest.get(process.run.identity, NOTHING)

    def refresh(self) -> None:
        """Measure now, if something is up of which too little is known.

        That is what has not been measured yet, or only in its first moments: a program that
        loads has soon several times the memory it began with.
        """
        stale = self._clock.now().monotonic - self._taken >= RECENT
        for process in self._supervisor.processes.values():
            if isinstance(process.state, Online):
                run = process.state.run
                young = self._taken - run.since.monotonic < INTERVAL
                if run.identity not in self._latest or (young and stale):
                    self._sample()
                    return

    def start(self) -> None:
        """Take a sample now, and from now on."""
        # The next one first: a sample that fails must not be the last.
        self._next = self._clock.call_later(INTERVAL, self.start)
        self._bus.publish(Sampled(self._sample()))

    def stop(self) -> None:
        """Take no more samples."""
        if self._next is not None:
            self._next.cancel()

    def _sample(self) -> Mapping[int, Sample]:
        online = {
            pm_id: (process, process.state.run.identity)
            for pm_id, process in self._supervisor.processes.items()
            if isinstance(process.state, Online)
        }
        self._taken = self._clock.now().monotonic
        if not online:
            self._latest = {}
            return {}
        samples = self._metrics.sample({pm_id: run for pm_id, (_, run) in online.items()})
        self._latest = {run: samples[pm_id] for pm_id, (_, run) in online.items()}
        for pm_id, (process, identity) in online.items():
            limit = process.spec.max_memory
            if limit is not None and samples[pm_id].memory > limit:
                self._post(pm_id, MemoryExceeded(identity))
        return samples

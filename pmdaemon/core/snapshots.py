"""A process as fronts see it: the instance, its latest sample, where its output is."""

from collections.abc import Mapping

from msgspec import Struct

from pmdaemon.core.agent import AgentReport
from pmdaemon.core.health import Health
from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import Instant, Online, Process


class ProcessSnapshot(Struct, frozen=True):
    """What is known of a process `at` one moment.

    `telemetry` is what it said of itself, `agent` what PM2's agent in it did.
    """

    process: Process
    sample: Sample
    out_file: str
    error_file: str
    at: Instant
    health: Health | None = None
    telemetry: Mapping[str, object] | None = None
    agent: AgentReport | None = None

    @property
    def uptime(self) -> float:
        """Seconds since the program was started, 0 when it is not up."""
        match self.process.state:
            case Online(run):
                return max(0.0, self.at.monotonic - run.since.monotonic)
            case _:
                return 0.0

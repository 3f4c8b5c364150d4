"""Facts that are published to whoever subscribed."""

from dataclasses import dataclass

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.process import Process


@dataclass(frozen=True, slots=True)
class ProcessChanged:
    """A process is not as it was; without `before` it is new, without `after` it is gone."""

    before: Process | None
    after: Process | None


@dataclass(frozen=True, slots=True)
class OutputGrew:
    """There is more in an output file than there was."""

    pm_id: int
    stream: OutputStream


Notice = ProcessChanged | OutputGrew

"""What programs report of themselves: the latest of each, for as long as its run lasts."""

from collections.abc import Mapping

from pmdaemon.core.notices import Notice, ProcessChanged, TelemetryReceived
from pmdaemon.core.process import Process
from pmdaemon.engine.bus import Bus

Figures = Mapping[str, object]


class Telemetry:
    """Keeps reports in memory, as they came: a program that lives sends the next one soon."""

    def __init__(self, *, bus: Bus) -> None:
        self._bus = bus
        self._latest: dict[int, tuple[str, Figures]] = {}
        bus.subscribe(self._heed, ProcessChanged)

    def report(self, process: Process, figures: Figures) -> None:
        """Take in what a program says of itself."""
        self._latest[process.pm_id] = process.run_number, figures
        self._bus.publish(TelemetryReceived(process, figures))

    def latest(self, process: Process) -> Figures | None:
        """Give what the latest run of a process has reported."""
        run, figures = self._latest.get(process.pm_id, ("", None))
        return figures if run == process.run_number else None

    def _heed(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before=Process(pm_id=pm_id), after=None):
                self._latest.pop(pm_id, None)
            case _:
                pass

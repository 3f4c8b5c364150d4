"""What programs report of themselves: the latest of each, for as long as its run lasts."""

from collections.abc import Mapping

from pmdaemon.core.agent import NOTHING_SAID, AgentReport, heard
from pmdaemon.core.notices import MessageReceived, Notice, ProcessChanged, TelemetryReceived
from pmdaemon.core.process import Process
from pmdaemon.engine.bus import Bus

Figures = Mapping[str, object]

RUNS_KEPT = 2
"""Runs of one process of which something is known: while it is reloaded, there are two."""


class Telemetry:
    """Keeps reports in memory, as they came: a program that lives sends the next one soon."""

    def __init__(self, *, bus: Bus) -> None:
        self._bus = bus
        self._latest: dict[int, tuple[str, Figures]] = {}
        self._agents: dict[int, dict[str, AgentReport]] = {}
        bus.subscribe(self._on_notice, ProcessChanged, MessageReceived)

    def report(self, process: Process, figures: Figures) -> None:
        """Take in what a program says of itself."""
        self._latest[process.pm_id] = process.run_number, figures
        self._bus.publish(TelemetryReceived(process, figures))

    def latest(self, process: Process) -> Figures | None:
        """Give what the latest run of a process has reported."""
        run, figures = self._latest.get(process.pm_id, ("", None))
        return figures if run == process.run_number else None

    def agent(self, process: Process) -> AgentReport | None:
        """Give what PM2's agent in this program has said, while it is up."""
        if process.pid is None:
            return None
        return self._agents.get(process.seat, {}).get(process.run_number)

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before=Process(pm_id=pm_id), after=None):
                self._latest.pop(pm_id, None)
                self._agents.pop(pm_id, None)
            case MessageReceived(process, message):
                self._hear(process, message)
            case _:
                pass

    def _hear(self, process: Process, message: object) -> None:
        runs = self._agents.get(process.seat, {})
        before = runs.get(process.run_number, NOTHING_SAID)
        if (after := heard(before, message)) is before:
            return
        runs[process.run_number] = after
        for former in [*runs][:-RUNS_KEPT]:
            del runs[former]
        self._agents[process.seat] = runs

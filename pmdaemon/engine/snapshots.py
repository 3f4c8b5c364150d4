"""Processes as others see them: what they are, how they are, and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.explain import Facts, explain
from pmdaemon.core.process import Errored, Process
from pmdaemon.core.selectors import Selector, select
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.engine.health_monitor import HealthMonitor
from pmdaemon.engine.interfaces import Clock, OutputCapture
from pmdaemon.engine.outcomes import is_stuck
from pmdaemon.engine.sampler import Sampler
from pmdaemon.engine.supervisor import Supervisor
from pmdaemon.engine.telemetry import Telemetry

Snapshots = list[ProcessSnapshot]

Explanations = list[tuple[Process, list[str]]]


class SnapshotMaker:
    """Puts together what several parts know of processes; `Processes` hands it out."""

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        sampler: Sampler,
        clock: Clock,
        capture: OutputCapture,
        health: HealthMonitor,
        telemetry: Telemetry,
    ) -> None:
        self._supervisor = supervisor
        self._sampler = sampler
        self._clock = clock
        self._capture = capture
        self._health = health
        self._telemetry = telemetry

    def listed(self, selectors: Sequence[Selector] | None) -> Snapshots:
        """Show all processes, or the selected ones, with cpu and memory of this moment.

        Raises:
            ProcessNotFound: a selector names nothing.

        """
        self._sampler.refresh()
        everything = [*self._supervisor.processes.values()]
        return self.of(everything if selectors is None else select(selectors, everything))

    def of(self, processes: Iterable[Process]) -> Snapshots:
        """Show these, and measure nothing for it."""
        return [self._snapshot(process) for process in processes]

    def explained(
        self, selectors: Sequence[Selector], due: Callable[[int], float | None]
    ) -> Explanations:
        """Say why each of the selected processes is up, or is not.

        Raises:
            ProcessNotFound: a selector names nothing.

        """
        everybody = [*self._supervisor.processes.values()]
        health = self._health.all()

        def facts(process: Process) -> Facts:
            needed = {one.name for one in process.spec.depends_on}
            return Facts(
                now=self._clock.now(),
                health=health.get(process.pm_id),
                others={n: [one for one in everybody if one.name == n] for n in needed},
                health_of=health,
                due=due(process.pm_id),
            )

        return [(one, explain(one, facts(one))) for one in select(selectors, everybody)]

    def outcome(
        self,
        settled: Mapping[int, Process | None],
        why_not: Callable[[Process], str | None],
    ) -> Snapshots:
        """Show what an action led to.

        Args:
            settled: each process as it was when the action was done with it; None where it is gone.
            why_not: says what went wrong with one; None when nothing did.

        Raises:
            OperationFailed: something did, with one of them.

        """
        self._sampler.refresh()
        reached = [process for _, process in sorted(settled.items()) if process is not None]
        reached = [process for process in reached if process.replaces is None or is_stuck(process)]
        if failures := [reason for one in reached if (reason := why_not(one)) is not None]:
            more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            words = [
                w for one in reached if isinstance(one.state, Errored) for w in one.state.last_words
            ]
            raise OperationFailed(failures[0] + more, failures=failures, last_words=words)
        return self.of(process for process in reached if process.replaces is None)

    def _snapshot(self, process: Process) -> ProcessSnapshot:
        out_file, error_file = self._capture.files(process.name, process.instance)
        return ProcessSnapshot(
            process=process,
            # What was measured last may be of a program that has ended since.
            sample=self._sampler.latest(process),
            out_file=out_file,
            error_file=error_file,
            at=self._clock.now(),
            health=self._health.latest(process.pm_id),
            telemetry=self._telemetry.latest(process),
            agent=self._telemetry.agent(process),
        )

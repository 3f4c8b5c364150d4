"""Asks programs that are to be checked how they are, and tells when one fails."""

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from pmdaemon.core import readiness
from pmdaemon.core.environment import child_environment
from pmdaemon.core.health import Health, HealthStatus, ProbeResult, observed, wait
from pmdaemon.core.lifecycle_events import BecameReady, Event, HealthFailed
from pmdaemon.core.notices import HealthChecked, Notice, ProcessChanged
from pmdaemon.core.process import Process, Run, Stopping
from pmdaemon.core.spec import HealthCheck
from pmdaemon.engine import tasks
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Cancellable, Clock, ProbeOrder, Prober
from pmdaemon.engine.timers import pause

READY_INTERVAL = 0.2
"""Seconds between two checks of a program that somebody waits for."""


class _Patient(Struct, eq=False):
    """A run that is checked: one probe at a time, and then a wait."""

    process: Process
    run: Run
    check: HealthCheck
    health: Health = field(default_factory=Health)
    next: Cancellable | None = None


class HealthMonitor:
    """Keeps what is known of the health of each process that runs and has a check."""

    def __init__(
        self, *, clock: Clock, bus: Bus, prober: Prober, post: Callable[[int, Event], None]
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._prober = prober
        self._post = post
        self._patients: dict[int, _Patient] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self, processes: Mapping[int, Process]) -> None:
        """Check these, and whatever comes up from now on."""
        self._unsubscribe = self._bus.subscribe(self._on_notice, ProcessChanged)
        for process in processes.values():
            self._see(process)

    def stop(self) -> None:
        """Check nothing any more."""
        self._unsubscribe()
        for pm_id in tuple(self._patients):
            self._let_go(pm_id)

    def latest(self, pm_id: int) -> Health | None:
        """Say how a process is; None when it does not run or has no check."""
        patient = self._patients.get(pm_id)
        return patient.health if patient is not None else None

    def all(self) -> Mapping[int, Health]:
        """Say how all are that are checked."""
        return {pm_id: patient.health for pm_id, patient in self._patients.items()}

    def await_healthy(self, process: Process, run: Run) -> None:
        """Check a program that is not ready yet, again and again, and tell when it is well."""
        if process.spec.health is not None:
            begun = _Patient(process, run, process.spec.health)
            tasks.spawn(self._find_healthy(begun), name=f"ready.{process.pm_id}")

    async def _find_healthy(self, patient: _Patient) -> None:
        process, began = patient.process, self._clock.now().monotonic
        while self._clock.now().monotonic - began <= readiness.patience(process):
            result = await self._prober.probe(_order(patient))
            if result.ok:
                self._post(process.pm_id, BecameReady(patient.run.identity, told=False))
                return
            await pause(self._clock, READY_INTERVAL)

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(after=Process() as process):
                self._see(process)
            case ProcessChanged(before=Process(pm_id=pm_id)):
                self._let_go(pm_id)
            case _:
                pass

    def _see(self, process: Process) -> None:
        patient = self._patients.get(process.pm_id)
        run = process.run if not isinstance(process.state, Stopping) else None
        check = process.spec.health
        if run is None or check is None:
            self._let_go(process.pm_id)
        elif patient is None or patient.run != run or patient.check != check:
            self._let_go(process.pm_id)
            patient = _Patient(process, run, check)
            self._patients[process.pm_id] = patient
            self._call_again(patient)
        else:
            patient.process = process

    def _let_go(self, pm_id: int) -> None:
        patient = self._patients.pop(pm_id, None)
        if patient is not None and patient.next is not None:
            patient.next.cancel()

    def _call_again(self, patient: _Patient) -> None:
        seconds = wait(patient.check, patient.health, since=patient.run.since, at=self._clock.now())

        def examine() -> None:
            tasks.spawn(self._examine(patient), name=f"health.{patient.process.pm_id}")

        patient.next = self._clock.call_later(seconds, examine)

    async def _examine(self, patient: _Patient) -> None:
        result = await self._prober.probe(_order(patient))
        if self._patients.get(patient.process.pm_id) is not patient:
            return  # that run is over, and so is the question
        self._note(patient, result)
        self._call_again(patient)

    def _note(self, patient: _Patient, result: ProbeResult) -> None:
        before, pm_id = patient.health, patient.process.pm_id
        patient.health = observed(
            patient.check, before, result, since=patient.run.since, at=self._clock.now()
        )
        self._bus.publish(HealthChecked(patient.process, before, patient.health))
        if patient.health.status is HealthStatus.UNHEALTHY and patient.check.restart:
            self._post(pm_id, HealthFailed(patient.run.identity))


def _order(patient: _Patient) -> ProbeOrder:
    process, check = patient.process, patient.check
    port = "{port}" if process.serving_port is None else str(process.serving_port)
    is_command = check.kind == "command"
    return ProbeOrder(
        kind=check.kind,
        # An instance has a port of its own, or the one of its cluster; a command finds it in its
        # environment.
        target=check.target if is_command else check.target.replace("{port}", port),
        timeout=check.timeout,
        cwd=process.spec.cwd,
        env=child_environment(process) if is_command else {},
        run_as=process.spec.run_as,
    )

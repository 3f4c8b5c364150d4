"""The verbs on processes, as every front calls them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from pmdaemon.core import graph
from pmdaemon.core.errors import (
    AppAlreadyExists,
    DaemonUnavailable,
    OperationFailed,
    ProcessBlocked,
)
from pmdaemon.core.explain import Facts, explain
from pmdaemon.core.lifecycle import (
    BlockRequested,
    DeleteRequested,
    Event,
    ResetRequested,
    RestartRequested,
    ShutdownBegan,
    StartRequested,
    StopRequested,
    UnblockRequested,
)
from pmdaemon.core.process import (
    Backoff,
    Errored,
    Exited,
    Online,
    Process,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.schedule import schedule_of
from pmdaemon.core.selectors import Selector, select
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.admission import Admission
from pmdaemon.engine.health_monitor import HealthMonitor
from pmdaemon.engine.interfaces import Clock, OutputCapture, TcpProbe
from pmdaemon.engine.reservations import reserve
from pmdaemon.engine.sampler import NOTHING, Sampler
from pmdaemon.engine.supervisor import Ledger, Plan, Settled, Supervisor

Snapshots = list[ProcessSnapshot]

Explanations = list[tuple[Process, list[str]]]

Existing = Literal["refuse", "restart", "keep"]
"""What `start` does about an app of that name which is up already."""


class Processes:
    """Lists processes, and has things done to them.

    Every verb returns when what it asked for is so: `stop` when nothing of the program is left,
    `start` when the program runs. Each takes selectors, and returns the processes it was about.
    """

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        sampler: Sampler,
        clock: Clock,
        capture: OutputCapture,
        probe: TcpProbe,
        admission: Admission,
        health: HealthMonitor,
    ) -> None:
        self._health = health
        self._supervisor = supervisor
        self._admission = admission
        self._sampler = sampler
        self._clock = clock
        self._capture = capture
        self._probe = probe
        self._ending = False

    def list(self, selectors: Sequence[Selector] | None = None) -> Snapshots:
        """Show all processes, or the selected ones, by pm_id.

        Raises:
            ProcessNotFound: a selector names nothing.

        """
        self._sampler.refresh()
        everything = self._supervisor.processes
        found = (
            everything.values()
            if selectors is None
            else select(selectors, list(everything.values()))
        )
        return [self._snapshot(process) for process in found]

    def glance(self, pm_ids: Iterable[int]) -> Snapshots:
        """Show those of these processes that are there, and measure nothing for it."""
        everything = self._supervisor.processes
        return [self._snapshot(everything[one]) for one in sorted(pm_ids) if one in everything]

    @property
    def unsaved(self) -> str | None:
        """Say that the store does not know what has happened, and why; None when it does."""
        failure, count = self._supervisor.store_failure, self._supervisor.unsaved
        if failure is None:
            return None
        whose = f"{count} processes" if count != 1 else "1 process"
        return f"{failure.message}; what happened to {whose} since is not saved yet"

    async def start(self, selectors: Sequence[Selector]) -> Snapshots:
        """Bring up what exists; what is up already stays as it is."""
        return await self._up(selectors, StartRequested())

    async def start_apps(
        self, specs: Sequence[AppSpec], *, existing: Existing, down: bool = False
    ) -> Snapshots:
        """Bring up what is declared, all of it or, when something is wrong, nothing.

        An app that exists and is down gets its new declaration and is started. With `down`, what
        does not exist is listed and not started.

        Raises:
            AppAlreadyExists: one is up, and `existing` says to refuse that.
            TcpPortTaken: a port is somebody else's.

        """

        def action(ledger: Ledger) -> Plan:
            return self._declare(ledger, specs, existing, down=down)

        return self._outcome(
            await self._supervisor.ask(action, settled=_is_up_or_failed), _why_not_up
        )

    async def stop(self, selectors: Sequence[Selector]) -> Snapshots:
        """End programs, and all they started; what depends on others ends before them.

        Raises:
            OperationFailed: something survived SIGKILL; the sentence names it.

        """
        return await self._each_in_turn(selectors, StopRequested())

    async def restart(self, selectors: Sequence[Selector]) -> Snapshots:
        """End what runs, and bring up all of the selected."""
        return await self._up(selectors, RestartRequested())

    async def delete(self, selectors: Sequence[Selector]) -> Snapshots:
        """End programs and forget them; their output files stay."""
        doomed = self.list(selectors)
        await self._each_in_turn(selectors, DeleteRequested())
        return doomed

    async def block(self, selectors: Sequence[Selector]) -> Snapshots:
        """Prevent every start; what runs may run on."""
        return await self._each(selectors, BlockRequested(), lambda _: True)

    async def unblock(self, selectors: Sequence[Selector]) -> Snapshots:
        """Allow starts again; nothing is started by that."""
        return await self._each(selectors, UnblockRequested(), lambda _: True)

    def explain(
        self, selectors: Sequence[Selector], due: Callable[[int], float | None]
    ) -> Explanations:
        """Say why each of the selected processes is up, or is not.

        Args:
            selectors: Which are meant.
            due: When a process falls due next by its schedule.

        Raises:
            ProcessNotFound: a selector names nothing.

        """
        everybody = list(self._supervisor.processes.values())
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

    async def reset(self, selectors: Sequence[Selector]) -> Snapshots:
        """Set the counters of restarts to zero."""
        return await self._each(selectors, ResetRequested(self._clock.now()), lambda _: True)

    def flush(self, selectors: Sequence[Selector]) -> Snapshots:
        """Empty output files."""
        flushed = self.list(selectors)
        for one in flushed:
            process = one.process
            self._capture.open(process.pm_id, process.name, process.instance, process.spec.logs)
            self._capture.flush(process.pm_id)
        return flushed

    async def shut_down(self) -> None:
        """End every program, leaving what is wished for as it is; nothing is started any more.

        Raises:
            OperationFailed: something survived SIGKILL; the sentence names it.

        """
        self._ending = True
        ended: set[int] = set()
        while busy := [
            process for process in self._supervisor.processes.values() if not _has_ended(process)
        ]:
            ended |= {process.pm_id for process in busy if process.run is not None}
            needed = {one.name for process in busy for one in process.spec.depends_on}
            # Those that none of the others needs; of a ring, which nobody can declare, all.
            last = [process for process in busy if process.name not in needed] or busy
            plan = Plan([(process.pm_id, ShutdownBegan()) for process in last])
            # A program that was just being spawned comes up, or is to be tried again, first; hence
            # once more.
            await self._supervisor.ask(
                lambda _, plan=plan: plan,  # type: ignore[misc] # bound early on purpose
                settled=lambda process: not isinstance(process.state, Starting | Stopping),
                regardless=True,
            )
        left = self._supervisor.processes
        self._outcome({pm_id: left.get(pm_id) for pm_id in ended}, _why_not_down)

    def _declare(
        self, ledger: Ledger, specs: Sequence[AppSpec], existing: Existing, *, down: bool
    ) -> Plan:
        self._refuse_when_ending()
        if existing != "keep":
            self._admission.check(specs, ledger.processes.values())
        events: list[tuple[int, Event]] = []
        added: list[Process] = []
        next_pm_id = ledger.next_pm_id
        for spec in specs:
            rests = down or not spec.autostart or spec.job is not None
            present = [one for one in ledger.processes.values() if one.name == spec.name]
            up = [one for one in present if one.wish is Wish.UP and not _has_ended(one)]
            if up and existing == "refuse":
                raise AppAlreadyExists(spec.name)
            kept = [one for one in present if one.wish is not Wish.GONE]
            if kept and existing == "keep":
                events += [(one.pm_id, StartRequested()) for one in kept if not rests]
                continue
            others = [one for one in (*ledger.processes.values(), *added) if one.name != spec.name]
            ports = self._ports(spec, others, present)
            for instance, port in enumerate(ports):
                here = next((one for one in present if one.instance == instance), None)
                if here is None:
                    process = Process(
                        pm_id=next_pm_id,
                        instance=instance,
                        spec=spec,
                        created=self._clock.now(),
                        tcp_port=port,
                    )
                    next_pm_id += 1
                elif here in kept:
                    process = replace(here, spec=spec, tcp_port=port, due=self._due(here, spec))
                else:
                    process = self._come_again(here, spec, port)
                added.append(process)
                runs = here is not None and here.wish is Wish.UP and not _has_ended(here)
                # A job that runs is not disturbed; its next run is as declared now.
                anew = here in kept and spec.job is None
                wanted = RestartRequested() if anew else StartRequested()
                events.append((process.pm_id, wanted if runs or not rests else StopRequested()))
            for one in present:
                if one.instance >= len(ports):
                    # With the new declaration, too: the store keeps one for all of an app.
                    added.append(replace(one, spec=spec))
                    events.append((one.pm_id, DeleteRequested()))
        return Plan(events, added)

    def _come_again(self, deleted: Process, spec: AppSpec, port: int | None) -> Process:
        """Make a new process in place of one that is just being deleted, and not gone yet."""
        return replace(
            deleted,
            spec=spec,
            tcp_port=port,
            created=self._clock.now(),
            wish=Wish.DOWN,
            restarts=0,
            ends=(),
            due=None,
        )

    def _due(self, process: Process, spec: AppSpec) -> float | None:
        """Say what was heeded of the schedule of a new declaration: of a new one, all so far."""
        if schedule_of(process) == schedule_of(replace(process, spec=spec)):
            return process.due
        return self._clock.now().wall

    def _ports(
        self, spec: AppSpec, others: Iterable[Process], present: Sequence[Process]
    ) -> Sequence[int | None]:
        """Reserve ports: those that it had stay, and count as free while it uses them itself."""
        kept = {one.instance: one.tcp_port for one in present if one.tcp_port is not None}
        own = {one.tcp_port for one in present if not _has_ended(one)}
        return reserve(spec, others, _Forgiving(self._probe, own), kept)

    async def _up(self, selectors: Sequence[Selector], event: Event) -> Snapshots:
        def action(ledger: Ledger) -> Plan:
            self._refuse_when_ending()
            there = [one for one in ledger.processes.values() if one.wish is not Wish.GONE]
            chosen = select(selectors, there)
            if not all(selector.text == "all" for selector in selectors):
                _refuse_blocked(chosen)
            return Plan([*_needed_by(chosen, there), *((one.pm_id, event) for one in chosen)])

        return self._outcome(
            await self._supervisor.ask(action, settled=_is_up_or_failed), _why_not_up
        )

    def _refuse_when_ending(self) -> None:
        if self._ending:
            raise DaemonUnavailable("cannot start anything: the daemon is ending")

    async def _each(
        self,
        selectors: Sequence[Selector],
        event: Event,
        settled: Settled,
        why_not: Callable[[Process], str | None] = lambda _: None,
    ) -> Snapshots:
        def action(ledger: Ledger) -> Plan:
            chosen = select(selectors, list(ledger.processes.values()))
            return Plan([(process.pm_id, event) for process in chosen])

        return self._outcome(await self._supervisor.ask(action, settled=settled), why_not)

    async def _each_in_turn(self, selectors: Sequence[Selector], event: Event) -> Snapshots:
        """Bring processes down, those that depend on others before these."""
        chosen = select(selectors, list(self._supervisor.processes.values()))
        needs = graph.graph_of(one.spec for one in chosen)
        turns = graph.layers(needs, needs.keys())
        if len(turns) < 2:
            return await self._each(selectors, event, _is_down, _why_not_down)
        outcome: dict[int, Process | None] = {}
        for turn in reversed(turns):
            plan = Plan([(one.pm_id, event) for one in chosen if one.name in turn])
            outcome |= await self._supervisor.ask(
                lambda _, plan=plan: plan,  # type: ignore[misc] # bound early on purpose
                settled=_is_down,
            )
        return self._outcome(outcome, _why_not_down)

    def _outcome(
        self,
        settled: Mapping[int, Process | None],
        why_not: Callable[[Process], str | None],
    ) -> Snapshots:
        self._sampler.refresh()
        reached = [process for _, process in sorted(settled.items()) if process is not None]
        if failures := [reason for one in reached if (reason := why_not(one)) is not None]:
            more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            words = [
                w for one in reached if isinstance(one.state, Errored) for w in one.state.last_words
            ]
            raise OperationFailed(failures[0] + more, failures=failures, last_words=words)
        return [self._snapshot(process) for process in reached]

    def _snapshot(self, process: Process) -> ProcessSnapshot:
        out_file, error_file = self._capture.files(process.name, process.instance)
        return ProcessSnapshot(
            process=process,
            # What was measured last may be of a program that has ended since.
            sample=self._sampler.latest(process.pm_id) if process.run is not None else NOTHING,
            out_file=out_file,
            error_file=error_file,
            at=self._clock.now(),
            health=self._health.latest(process.pm_id),
        )


class _Forgiving:
    """A probe that counts the ports an app has already as free for it."""

    def __init__(self, probe: TcpProbe, own: Iterable[int | None]) -> None:
        self._probe = probe
        self._own = frozenset(own)

    def is_free(self, tcp_port: int) -> bool:
        return tcp_port in self._own or self._probe.is_free(tcp_port)


def _refuse_blocked(chosen: Iterable[Process]) -> None:
    for process in chosen:
        if process.wish is Wish.BLOCKED:
            raise ProcessBlocked(process.name)


def _needed_by(chosen: Sequence[Process], there: Sequence[Process]) -> list[tuple[int, Event]]:
    """Say what is to be started besides, because these depend on it and it is down."""
    needs = graph.graph_of(one.spec for one in there)
    names = graph.needs_of(needs, {one.name for one in chosen if one.spec.depends_on})
    needed = [one for one in there if one.name in names and _is_to_be_started(one)]
    _refuse_blocked(needed)
    return [(one.pm_id, StartRequested()) for one in needed]


def _is_to_be_started(process: Process) -> bool:
    # What has done what it had to do stays done: a dependency may be on just that.
    return process.wish is not Wish.UP or isinstance(process.state, Errored)


def _has_ended(process: Process) -> bool:
    return isinstance(process.state, Stopped | Exited | Errored)


def _is_up_or_failed(process: Process) -> bool:
    if process.wish is not Wish.UP:
        return not isinstance(process.state, Stopping)
    return isinstance(process.state, Online | Errored | Exited | Backoff)


def _is_down(process: Process) -> bool:
    return _has_ended(process) or process.wish is Wish.UP


def _why_not_up(process: Process) -> str | None:
    match process.state:
        case Errored(reason):
            return f"cannot start {process.name}: {reason}"
        case Backoff(delay=delay, reason=str(reason)):
            return f"cannot start {process.name} now: {reason}; trying again every {delay:g} s"
        case _:
            return None


def _why_not_down(process: Process) -> str | None:
    match process.state:
        case Errored(reason):
            return f"cannot stop {process.name}: {reason}"
        case _:
            return None

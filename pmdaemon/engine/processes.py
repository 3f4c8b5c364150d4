"""The verbs on processes, as every front calls them."""

from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec import Struct

from pmdaemon.core.differences import Step, steps_between
from pmdaemon.core.lifecycle_events import (
    BlockRequested,
    DeleteRequested,
    ResetRequested,
    RestartRequested,
    SignalRequested,
    StartRequested,
    StopRequested,
    UnblockRequested,
)
from pmdaemon.core.process import Process, Wish
from pmdaemon.core.selectors import Selector, select
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.action_runner import ActionRunner
from pmdaemon.engine.admission import Admission
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.interfaces import Clock, OutputCapture, TcpProbe
from pmdaemon.engine.outcomes import is_up_or_failed, why_not_up
from pmdaemon.engine.planner import Change, Existing, Planner, unchanged
from pmdaemon.engine.reloading import Reloader, Turn, overlaps, refuse_twice
from pmdaemon.engine.selection import refuse_blocked, startable, wanted
from pmdaemon.engine.snapshots import Explanations, SnapshotMaker, Snapshots
from pmdaemon.engine.supervisor import Ledger, Plan, Supervisor


class Reloaded(Struct, frozen=True):
    """What a reload led to; `restarted` are the names of apps that could only be restarted."""

    processes: Snapshots
    restarted: Sequence[str]


def _to(spec: AppSpec) -> Change:
    return lambda _: spec


class Processes:
    """Lists processes, and has things done to them.

    Every verb returns when what it asked for is so: `stop` when nothing of the program is left,
    `start` when the program runs. Each takes selectors, and returns the processes it was about.
    """

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        snapshots: SnapshotMaker,
        clock: Clock,
        capture: OutputCapture,
        probe: TcpProbe,
        admission: Admission,
        gateway: GatewaySide,
    ) -> None:
        self._snapshots = snapshots
        self._gateway = gateway
        self._supervisor = supervisor
        self._planner = Planner(clock=clock, probe=probe, admission=admission)
        self._clock = clock
        self._capture = capture
        self._runner = ActionRunner(
            supervisor=supervisor,
            planner=self._planner,
            snapshots=snapshots,
            is_served=gateway.serves,
        )
        self._reloader = Reloader(supervisor=supervisor, clock=clock, restart=self._restart_as)

    def list(self, selectors: Sequence[Selector] | None = None) -> Snapshots:
        """Show all processes, or the selected ones, by pm_id.

        Raises:
            ProcessNotFound: a selector names nothing.

        """
        return self._snapshots.listed(selectors)

    @property
    def known(self) -> Collection[Process]:
        """All processes that users know, by pm_id; nothing is measured for it."""
        return [*self._supervisor.processes.values()]

    def under_way(self) -> Snapshots:
        """Show all processes, with those that a reload has beside others."""
        return self._snapshots.of(self._supervisor.everything.values())

    def glance(self, pm_ids: Iterable[int]) -> Snapshots:
        """Show those of these processes that are there, and measure nothing for it."""
        everything = self._supervisor.processes
        return self._snapshots.of(everything[one] for one in sorted(pm_ids) if one in everything)

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
        return self._snapshots.explained(selectors, due)

    @property
    def unsaved(self) -> str | None:
        """Say that the store does not know what has happened, and why; None when it does."""
        failure, count = self._supervisor.store_failure, self._supervisor.unsaved
        if failure is None:
            return None
        whose = f"{count} processes" if count != 1 else "1 process"
        return f"{failure.message}; what happened to {whose} since is not saved yet"

    @property
    def reloading(self) -> bool:
        """Whether a reload goes on."""
        return self._reloader.is_busy

    @property
    def is_ending(self) -> bool:
        """Whether nothing is started any more."""
        return self._runner.is_ending

    def refuse_starts(self) -> None:
        """Start nothing any more, as everything is about to end."""
        self._runner.is_ending = True

    async def start(self, selectors: Sequence[Selector]) -> Snapshots:
        """Bring up what exists; what is up already stays as it is."""
        return await self._runner.start(startable(selectors), StartRequested())

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
            self._runner.refuse_when_ending()
            return self._planner.declare(ledger, specs, existing, down=down)

        reached = await self._supervisor.ask(action, settled=is_up_or_failed)
        await self._gateway.settle(specs)
        return self._snapshots.outcome(reached, why_not_up)

    async def apply(
        self, specs: Sequence[AppSpec], *, whole: bool = True, prune: bool, dry_run: bool
    ) -> tuple[Sequence[Step], Snapshots]:
        """Bring what is there into line with what is declared, and touch nothing else.

        Clusters are reloaded. What was stopped stays so, with its new declaration. If the specs are
        the `whole` of their file, what came from it and is not in it any more is found, and with
        `prune` deleted. With `dry_run`, only say what would be done.

        Raises:
            TcpPortTaken: a port is somebody else's.
            ReloadFailed: a new run was not good enough; what was not reloaded stays as it is.

        """
        steps: Sequence[Step] = ()

        def decide(processes: Iterable[Process]) -> Sequence[Step]:
            there = [one for one in processes if one.wish is not Wish.GONE]
            return steps_between(
                {one.name: one.spec for one in there}, specs, whole=whole, prune=prune
            )

        def action(ledger: Ledger) -> Plan:
            nonlocal steps
            steps = decide(ledger.processes.values())
            return self._planner.applied(ledger, steps)

        if dry_run:
            return decide(self._supervisor.processes.values()), []
        snapshots = await self._runner.bring_up(action)
        for step in steps:
            if step.action == "reload" and step.after is not None and self._is_up(step.name):
                selector = Selector(step.name, narrow=True)
                reloaded = await self.reload([selector], change=_to(step.after))
                snapshots += reloaded.processes
        await self._gateway.settle(specs)
        return steps, snapshots

    def _is_up(self, name: str) -> bool:
        processes = self._supervisor.processes.values()
        return any(one.wish is Wish.UP for one in processes if one.name == name)

    async def stop(self, selectors: Sequence[Selector]) -> Snapshots:
        """End programs, and all they started; what depends on others ends before them.

        Raises:
            OperationFailed: something survived SIGKILL; the sentence names it.

        """
        return await self._runner.in_turn(selectors, StopRequested())

    async def restart(
        self, selectors: Sequence[Selector], *, change: Change = unchanged
    ) -> Snapshots:
        """End what runs, and bring up all of the selected, declared as `change` has it.

        Raises:
            TcpPortTaken: a port that it is to have now is somebody else's.

        """
        return await self._runner.start(startable(selectors), RestartRequested(), change)

    async def reload(
        self, selectors: Sequence[Selector], *, change: Change = unchanged, parallel: int = 1
    ) -> Reloaded:
        """Put new runs in the place of those that run, declared as `change` has it.

        Of an app, `parallel` instances at a time. What is down is started. What cannot be beside
        itself is restarted, instance by instance.

        Raises:
            ReloadInProgress: one of the apps is being reloaded.
            ReloadFailed: a new run was not good enough; what was not reloaded yet stays as it is.

        """
        self._runner.refuse_when_ending()
        chosen = startable(selectors)(wanted(self._supervisor.processes))
        refuse_twice(self._supervisor.everything, chosen)
        turns = [
            self._planner.turn(self._supervisor.everything, process, change(process.spec))
            for process in chosen
        ]
        restarted = {
            turn.spec.name
            for process, turn in zip(chosen, turns, strict=True)
            if process.wish is Wish.UP and not overlaps(turn)
        }
        await self._reloader.reload(turns, parallel)
        ids = {process.pm_id for process in chosen}
        left = [one for one in self._supervisor.processes.values() if one.pm_id in ids]
        return Reloaded(self._snapshots.of(left), sorted(restarted))

    async def scale(self, name: str, count: str) -> Snapshots:
        """Have so many instances of an app up: `4`, or `+2` or `-1` more than now.

        The highest instances go first. With none wanted, instance 0 stays in the list, stopped.

        Raises:
            InvalidInput: that is no number, or too large a one, or there are too few ports.
            ReloadInProgress: it is being reloaded.

        """

        def action(ledger: Ledger) -> Plan:
            present = select([Selector(name, narrow=True)], wanted(ledger.processes))
            refuse_blocked(present)
            refuse_twice(ledger.processes, present)
            return self._planner.scaled(ledger, present, count)

        return await self._runner.bring_up(action)

    async def send_signal(self, selectors: Sequence[Selector], signal: str) -> Snapshots:
        """Send a signal to the first process of each selected program that runs."""
        return await self._runner.each(selectors, SignalRequested(signal))

    async def delete(self, selectors: Sequence[Selector]) -> Snapshots:
        """End programs and forget them; their output files stay."""
        doomed = self.list(selectors)
        await self._runner.in_turn(selectors, DeleteRequested())
        await self._gateway.settle()
        return doomed

    async def block(self, selectors: Sequence[Selector]) -> Snapshots:
        """Prevent every start; what runs may run on."""
        return await self._runner.each(selectors, BlockRequested())

    async def unblock(self, selectors: Sequence[Selector]) -> Snapshots:
        """Allow starts again; nothing is started by that."""
        return await self._runner.each(selectors, UnblockRequested())

    async def reset(self, selectors: Sequence[Selector]) -> Snapshots:
        """Set the counters of restarts to zero."""
        return await self._runner.each(selectors, ResetRequested(self._clock.now()))

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
        await self._runner.end_all()

    async def _restart_as(self, turn: Turn) -> None:
        """Start an instance anew that cannot be beside itself."""
        await self._runner.start(
            lambda _: [one] if (one := self._supervisor.processes.get(turn.pm_id)) else [],
            RestartRequested(),
            lambda _: turn.spec,
        )

"""The verbs on processes, as every front calls them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.core import graph
from pmdaemon.core.differences import Step, steps_between
from pmdaemon.core.errors import (
    AppAlreadyExists,
    InvalidInput,
    OperationFailed,
    ProcessBlocked,
    ShutdownInProgress,
    TcpPortTaken,
)
from pmdaemon.core.explain import Facts, explain
from pmdaemon.core.lifecycle import (
    BlockRequested,
    DeleteRequested,
    Event,
    ResetRequested,
    RestartRequested,
    ShutdownBegan,
    SignalRequested,
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
from pmdaemon.core.replacement import twin_id
from pmdaemon.core.schedule import schedule_of
from pmdaemon.core.selectors import Selector, select
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.admission import Admission
from pmdaemon.engine.health_monitor import HealthMonitor
from pmdaemon.engine.interfaces import Clock, OutputCapture, TcpProbe
from pmdaemon.engine.reloading import Reloader, Turn, overlaps, refuse_twice
from pmdaemon.engine.reservations import reserve, tcp_ports_of
from pmdaemon.engine.sampler import NOTHING, Sampler
from pmdaemon.engine.scaling import missing, surplus, wanted_count
from pmdaemon.engine.supervisor import Ledger, Plan, Settled, Supervisor
from pmdaemon.engine.telemetry import Telemetry

Snapshots = list[ProcessSnapshot]

Explanations = list[tuple[Process, list[str]]]

Existing = Literal["refuse", "restart", "keep"]
"""What `start` does about an app of that name which is up already."""

Change = Callable[[AppSpec], AppSpec]
"""What is declared otherwise from now on; it may refuse by raising a `PmdaemonError`."""


class Reloaded(Struct, frozen=True):
    """What a reload led to; `restarted` are the names of apps that could only be restarted."""

    processes: Snapshots
    restarted: Sequence[str]


def _to(spec: AppSpec) -> Change:
    return lambda _: spec


def unchanged(spec: AppSpec) -> AppSpec:
    """Leave a declaration as it is."""
    return spec


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
        telemetry: Telemetry,
    ) -> None:
        self._health = health
        self._telemetry = telemetry
        self._supervisor = supervisor
        self._admission = admission
        self._sampler = sampler
        self._clock = clock
        self._capture = capture
        self._probe = probe
        self._ending = False
        self._reloader = Reloader(supervisor=supervisor, clock=clock)
        self._reloads = 0

    def list(self, selectors: Sequence[Selector] | None = None) -> Snapshots:
        """Show all processes, or the selected ones, by pm_id.

        Raises:
            ProcessNotFound: a selector names nothing.

        """
        self._sampler.refresh()
        everything = list(self._supervisor.processes.values())
        found = everything if selectors is None else select(selectors, everything)
        return [self._snapshot(process) for process in found]

    def under_way(self) -> Snapshots:
        """Show all processes, with those that a reload has beside others."""
        return [self._snapshot(process) for process in self._supervisor.everything.values()]

    @property
    def reloading(self) -> bool:
        """Whether a reload goes on."""
        return self._reloads > 0

    @property
    def is_ending(self) -> bool:
        """Whether nothing is started any more."""
        return self._ending

    def refuse_starts(self) -> None:
        """Start nothing any more, as everything is about to end."""
        self._ending = True

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
        return await self._up(_startable(selectors), StartRequested())

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
            return self._applied(ledger, steps)

        if dry_run:
            return decide(self._supervisor.processes.values()), []
        reached = await self._supervisor.ask(action, settled=_is_up_or_failed)
        snapshots = self._outcome(reached, _why_not_up)
        for step in steps:
            if step.action == "reload" and step.after is not None and self._is_up(step.name):
                selector = Selector(step.name, narrow=True)
                reloaded = await self.reload([selector], change=_to(step.after))
                snapshots += reloaded.processes
        return steps, snapshots

    def _is_up(self, name: str) -> bool:
        processes = self._supervisor.processes.values()
        return any(one.wish is Wish.UP for one in processes if one.name == name)

    async def stop(self, selectors: Sequence[Selector]) -> Snapshots:
        """End programs, and all they started; what depends on others ends before them.

        Raises:
            OperationFailed: something survived SIGKILL; the sentence names it.

        """
        return await self._each_in_turn(selectors, StopRequested())

    async def restart(
        self, selectors: Sequence[Selector], *, change: Change = unchanged
    ) -> Snapshots:
        """End what runs, and bring up all of the selected, declared as `change` has it.

        Raises:
            TcpPortTaken: a port that it is to have now is somebody else's.

        """
        return await self._up(_startable(selectors), RestartRequested(), change)

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
        self._refuse_when_ending()
        chosen = _startable(selectors)(_wanted(self._supervisor.processes))
        refuse_twice(self._supervisor.everything, chosen)
        turns = [self._turn(process, change(process.spec)) for process in chosen]
        restarted = {
            turn.spec.name
            for process, turn in zip(chosen, turns, strict=True)
            if process.wish is Wish.UP and not overlaps(turn)
        }
        self._reloads += 1
        try:
            for name in dict.fromkeys(process.name for process in chosen):
                await self._reload_app([one for one in turns if one.spec.name == name], parallel)
        finally:
            self._reloads -= 1
        ids = {process.pm_id for process in chosen}
        left = [one for one in self._supervisor.processes.values() if one.pm_id in ids]
        return Reloaded([self._snapshot(process) for process in left], sorted(restarted))

    async def scale(self, name: str, count: str) -> Snapshots:
        """Have so many instances of an app up: `4`, or `+2` or `-1` more than now.

        The highest instances go first. With none wanted, instance 0 stays in the list, stopped.

        Raises:
            InvalidInput: that is no number, or too large a one, or there are too few ports.
            ReloadInProgress: it is being reloaded.

        """

        def action(ledger: Ledger) -> Plan:
            self._refuse_when_ending()
            present = select([Selector(name, narrow=True)], _wanted(ledger.processes))
            _refuse_blocked(present)
            refuse_twice(ledger.processes, present)
            return self._scaled(ledger, present, count)

        return self._outcome(
            await self._supervisor.ask(action, settled=_is_up_or_failed), _why_not_up
        )

    async def send_signal(self, selectors: Sequence[Selector], signal: str) -> Snapshots:
        """Send a signal to the first process of each selected program that runs."""
        return await self._each(selectors, SignalRequested(signal), lambda _: True)

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
            process for process in self._supervisor.everything.values() if not _has_ended(process)
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
                settled=lambda process: (
                    not isinstance(process.state, Stopping) and process.state != Starting()
                ),
                regardless=True,
            )
        left = self._supervisor.everything
        self._outcome({pm_id: left.get(pm_id) for pm_id in ended}, _why_not_down)

    def _applied(self, ledger: Ledger, steps: Sequence[Step]) -> Plan:
        anew = {step.name for step in steps if step.action == "restart"}
        doomed = {step.name for step in steps if step.action == "delete"}
        declared = self._declare(
            ledger,
            [
                step.after
                for step in steps
                if step.after is not None
                and (step.paths or step.action == "create")
                and not (step.action == "reload" and self._is_up(step.name))
            ],
            "restart",
            down=False,
            to_restart=lambda process: process.name in anew and process.wish is Wish.UP,
        )
        deleted = [
            (one.pm_id, DeleteRequested())
            for one in ledger.processes.values()
            if one.name in doomed
        ]
        return Plan([*declared.events, *deleted], declared.added)

    def _declare(
        self,
        ledger: Ledger,
        specs: Sequence[AppSpec],
        existing: Existing,
        *,
        down: bool,
        to_restart: Callable[[Process], bool] = lambda _: True,
    ) -> Plan:
        self._refuse_when_ending()
        if existing != "keep":
            self._admission.check(specs, ledger.processes.values())
        events: list[tuple[int, Event]] = []
        added: list[Process] = []
        next_pm_id = ledger.next_pm_id
        for spec in specs:
            rests = down or not spec.autostart or spec.job is not None
            present = [one for one in _seen(ledger.processes) if one.name == spec.name]
            refuse_twice(ledger.processes, present)
            up = [one for one in present if one.wish is Wish.UP and not _has_ended(one)]
            if up and existing == "refuse":
                raise AppAlreadyExists(spec.name)
            kept = [one for one in present if one.wish is not Wish.GONE]
            if kept and existing == "keep":
                events += [(one.pm_id, StartRequested()) for one in kept if not rests]
                continue
            others = _others(spec, [*ledger.processes.values(), *added])
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
                if here not in kept or to_restart(here):
                    anew = here in kept and spec.job is None
                    events.append((process.pm_id, _what_comes(here, anew=anew, rests=rests)))
            surplus = [one for one in present if one.instance >= len(ports)]
            # With the new declaration, too: the store keeps one for all of an app.
            added += [replace(one, spec=spec) for one in surplus]
            events += [(one.pm_id, DeleteRequested()) for one in surplus]
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
        own = {port for one in present if not _has_ended(one) for port in tcp_ports_of(one)}
        return reserve(spec, others, _Forgiving(self._probe, own), kept)

    def _changed(
        self, ledger: Ledger, chosen: Sequence[Process], change: Change
    ) -> Sequence[Process]:
        """Declare the apps of these processes anew; the processes themselves get their ports."""
        changed: list[Process] = []
        for name in dict.fromkeys(process.name for process in chosen):
            present = [one for one in _wanted(ledger.processes) if one.name == name]
            spec = change(present[0].spec)
            if spec == present[0].spec:
                continue
            ports: Sequence[int | None] = ()
            if _asks_for_ports(spec) != _asks_for_ports(present[0].spec):
                _refuse_too_few_ports(spec)
                ports = self._ports(spec, _others(spec, ledger.processes.values()), present)
            for one in present:
                own = ports[one.instance] if ports and one in chosen else one.tcp_port
                changed.append(replace(one, spec=spec, tcp_port=own))
        return changed

    def _scaled(self, ledger: Ledger, present: Sequence[Process], text: str) -> Plan:
        count = wanted_count(text, sum(one.wish is Wish.UP for one in present))
        spec = replace(present[0].spec, instances=max(count, 1))
        kept_ports = {one.instance: one.tcp_port for one in present if one.tcp_port is not None}
        _refuse_too_few_ports(spec)
        going = surplus(present, max(count, 1))
        staying = [one for one in present if one not in going]
        ports = self._ports(spec, _others(spec, ledger.processes.values()), staying)
        new = [
            Process(
                pm_id=ledger.next_pm_id + offset,
                instance=instance,
                spec=spec,
                created=self._clock.now(),
                tcp_port=ports[instance] if instance not in kept_ports else None,
            )
            for offset, instance in enumerate(missing(staying, count))
        ]
        wanted: Event = StartRequested() if count else StopRequested()
        return Plan(
            [
                *((one.pm_id, DeleteRequested(gently=count > 0)) for one in going),
                *((one.pm_id, wanted) for one in (*staying, *new)),
            ],
            # All of them, as the store keeps one declaration for an app.
            [*(replace(one, spec=spec) for one in present), *new],
        )

    async def _reload_app(self, turns: Sequence[Turn], parallel: int) -> None:
        """Reload the instances of one app, `parallel` at a time; the first failure is the last."""
        for first in range(0, len(turns), parallel):
            batch = [self._take_turn(turn) for turn in turns[first : first + parallel]]
            results = await asyncio.gather(*batch, return_exceptions=True)
            for failure in results:
                if isinstance(failure, BaseException):
                    raise failure

    async def _take_turn(self, turn: Turn) -> None:
        process = self._supervisor.processes.get(turn.pm_id)
        if process is None:
            return  # it was deleted while others had their turn
        if process.wish is Wish.UP and overlaps(turn):
            await self._reloader.take_turn(turn)
        else:
            await self._up(
                lambda _: [one] if (one := self._supervisor.processes.get(turn.pm_id)) else [],
                RestartRequested(),
                lambda _: turn.spec,
            )

    def _turn(self, process: Process, spec: AppSpec) -> Turn:
        """Say how an instance is to be reloaded: with another port of its own, where it can."""
        if spec.tcp_ports is None or spec.shared_port is not None:
            return Turn(process.pm_id, spec, None)

        def choose(ledger: Ledger) -> int:
            return self._fresh_port(ledger.processes.values(), process, spec)

        try:
            choose(Ledger(self._supervisor.everything, 0))
        except TcpPortTaken:
            if spec.tcp_ports == process.spec.tcp_ports:
                return Turn(process.pm_id, spec, None)  # what it has is all that there is
            raise
        return Turn(process.pm_id, spec, choose)

    def _fresh_port(self, processes: Iterable[Process], process: Process, spec: AppSpec) -> int:
        """Find a port for a new run of an instance while the former one has its own."""
        wanted = spec.tcp_ports
        if wanted is not None and not wanted.auto:
            port = wanted.for_instance(process.instance)
            wanted = replace(wanted, first=port, last=port)
        alone = replace(spec, tcp_ports=wanted, instances=1, exec_mode="fork")
        [fresh] = reserve(alone, processes, self._probe, {})
        if fresh is None:
            raise AssertionError(f"{spec.name} asks for no port")
        return fresh

    async def _up(
        self,
        choose: Callable[[Sequence[Process]], Sequence[Process]],
        event: Event,
        change: Change = unchanged,
    ) -> Snapshots:
        def action(ledger: Ledger) -> Plan:
            self._refuse_when_ending()
            there = _wanted(ledger.processes)
            chosen = choose(there)
            events = [(process.pm_id, event) for process in chosen]
            if isinstance(event, RestartRequested):
                events = _with_twins(ledger, events)
            needed = _needed_by(chosen, there)
            return Plan([*needed, *events], self._changed(ledger, chosen, change))

        return self._outcome(
            await self._supervisor.ask(action, settled=_is_up_or_failed), _why_not_up
        )

    def _refuse_when_ending(self) -> None:
        if self._ending:
            raise ShutdownInProgress

    async def _each(
        self,
        selectors: Sequence[Selector],
        event: Event,
        settled: Settled,
        why_not: Callable[[Process], str | None] = lambda _: None,
    ) -> Snapshots:
        def action(ledger: Ledger) -> Plan:
            chosen = select(selectors, _seen(ledger.processes))
            events = [(process.pm_id, event) for process in chosen]
            if isinstance(event, StopRequested | DeleteRequested):
                events = _with_twins(ledger, events)
            return Plan(events)

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
            events = [(one.pm_id, event) for one in chosen if one.name in turn]
            outcome |= await self._supervisor.ask(
                lambda ledger, events=events: Plan(_with_twins(ledger, events)),  # type: ignore[misc] # bound early on purpose
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
        reached = [process for process in reached if process.replaces is None or _is_stuck(process)]
        if failures := [reason for one in reached if (reason := why_not(one)) is not None]:
            more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            words = [
                w for one in reached if isinstance(one.state, Errored) for w in one.state.last_words
            ]
            raise OperationFailed(failures[0] + more, failures=failures, last_words=words)
        return [self._snapshot(process) for process in reached if process.replaces is None]

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
            telemetry=self._telemetry.latest(process),
        )


class _Forgiving:
    """A probe that counts the ports an app has already as free for it."""

    def __init__(self, probe: TcpProbe, own: Iterable[int | None]) -> None:
        self._probe = probe
        self._own = frozenset(own)

    def is_free(self, tcp_port: int) -> bool:
        return tcp_port in self._own or self._probe.is_free(tcp_port)


def _seen(processes: Mapping[int, Process]) -> list[Process]:
    """List those that users see: during a reload an instance has two, and is one."""
    return [process for process in processes.values() if process.replaces is None]


def _wanted(processes: Mapping[int, Process]) -> list[Process]:
    return [process for process in _seen(processes) if process.wish is not Wish.GONE]


def _others(spec: AppSpec, processes: Iterable[Process]) -> list[Process]:
    return [process for process in processes if process.name != spec.name]


def _startable(
    selectors: Sequence[Selector],
) -> Callable[[Sequence[Process]], Sequence[Process]]:
    """Choose what is meant by name, or, by `all`, whatever is not blocked and no job at rest.

    What is blocked and meant by name is refused.
    """

    def choose(processes: Sequence[Process]) -> Sequence[Process]:
        chosen = select(selectors, processes)
        if any(selector.text != "all" for selector in selectors):
            _refuse_blocked(chosen)
            return chosen
        return [
            one
            for one in chosen
            if one.wish is not Wish.BLOCKED and (one.spec.job is None or not _has_ended(one))
        ]

    return choose


def _asks_for_ports(spec: AppSpec) -> tuple[object, ...]:
    return spec.tcp_ports, spec.shared_port


def _with_twins(ledger: Ledger, events: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """Have what a reload set beside these processes ended, and waited for, too."""
    twins = [twin_id(pm_id) for pm_id, _ in events if twin_id(pm_id) in ledger.processes]
    return [*((pm_id, DeleteRequested()) for pm_id in twins), *events]


def _refuse_too_few_ports(spec: AppSpec) -> None:
    few = spec.tcp_ports is not None and spec.tcp_ports.count < spec.instances
    if few and spec.tcp_ports is not None and spec.shared_port is None:
        count = spec.tcp_ports.count
        ports = "it has one TCP port" if count == 1 else f"it has {count} TCP ports"
        raise InvalidInput(
            f"cannot have {spec.instances} instances of {spec.name}: {ports} ({spec.tcp_ports})",
            code="tcp_ports_too_few",
        )


def _is_stuck(process: Process) -> bool:
    return isinstance(process.state, Errored)


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


def _what_comes(here: Process | None, *, anew: bool, rests: bool) -> Event:
    """Say what becomes of an instance, with its new declaration."""
    runs = here is not None and here.wish is Wish.UP and not _has_ended(here)
    if rests and not runs:
        return StopRequested()
    # A job that runs is not disturbed; its next run is as declared now.
    return RestartRequested() if anew else StartRequested()


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

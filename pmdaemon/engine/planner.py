"""What a declaration means for the processes that are there: a plan, and nothing done yet."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from pmdaemon.core.differences import Step
from pmdaemon.core.errors import AppAlreadyExists, InvalidInput, TcpPortTaken
from pmdaemon.core.lifecycle_events import (
    DeleteRequested,
    Event,
    RestartRequested,
    StartRequested,
    StopRequested,
)
from pmdaemon.core.process import Process, Wish
from pmdaemon.core.schedule import schedule_of
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.admission import Admission
from pmdaemon.engine.interfaces import Clock, TcpProbe
from pmdaemon.engine.outcomes import has_ended
from pmdaemon.engine.reloading import Turn, refuse_twice
from pmdaemon.engine.reservations import reserve, tcp_ports_of
from pmdaemon.engine.scaling import missing, surplus, wanted_count
from pmdaemon.engine.selection import by_name, others, seen, wanted
from pmdaemon.engine.supervisor import Ledger, Plan

Existing = Literal["refuse", "restart", "keep"]
"""What `start` does about an app of that name which is up already."""

Change = Callable[[AppSpec], AppSpec]
"""What is declared otherwise from now on; it may refuse by raising a `PmdaemonError`."""


class Planner:
    """Plans what becomes of processes that are declared, anew or for the first time."""

    def __init__(self, *, clock: Clock, probe: TcpProbe, admission: Admission) -> None:
        self._clock = clock
        self._probe = probe
        self._admission = admission

    def applied(self, ledger: Ledger, steps: Sequence[Step]) -> Plan:
        """Plan the steps between what is there and what is declared."""
        anew = {step.name for step in steps if step.action == "restart"}
        doomed = {step.name for step in steps if step.action == "delete"}
        up = {one.name for one in ledger.processes.values() if one.wish is Wish.UP}
        changed = [one.after for one in steps if one.after is not None and one.paths]
        self._admission.check(changed, ledger.processes.values())
        declared = self.declare(
            ledger,
            [
                step.after
                for step in steps
                if step.after is not None
                and (step.paths or step.action == "create")
                and not (step.action == "reload" and step.name in up)
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

    def declare(
        self,
        ledger: Ledger,
        specs: Sequence[AppSpec],
        existing: Existing,
        *,
        down: bool,
        to_restart: Callable[[Process], bool] = lambda _: True,
    ) -> Plan:
        """Plan to have these apps as declared, all of them or none.

        Raises:
            AppAlreadyExists: one is up, and `existing` says to refuse that.
            TcpPortTaken: a port is somebody else's.

        """
        if existing != "keep":
            self._admission.check(specs, ledger.processes.values())
        events: list[tuple[int, Event]] = []
        added: list[Process] = []
        ids = itertools.count(ledger.next_pm_id)
        there = by_name(seen(ledger.processes))
        refuse_twice(ledger.processes, [one for spec in specs for one in there.get(spec.name, ())])
        for spec in specs:
            rests = down or not spec.autostart or spec.job is not None
            present = there.get(spec.name, [])
            up = [one for one in present if one.wish is Wish.UP and not has_ended(one)]
            if up and existing == "refuse":
                raise AppAlreadyExists(spec.name)
            kept = [one for one in present if one.wish is not Wish.GONE]
            if kept and existing == "keep":
                events += [(one.pm_id, StartRequested()) for one in kept if not rests]
                continue
            rest = others(spec, itertools.chain(ledger.processes.values(), added))
            ports = self._ports(spec, rest, present)
            for instance, port in enumerate(ports):
                here = next((one for one in present if one.instance == instance), None)
                process = self._as_declared(here, spec, instance, port, ids)
                added.append(process)
                if here not in kept or to_restart(here):
                    anew = here in kept and spec.job is None
                    events.append((process.pm_id, _what_comes(here, anew=anew, rests=rests)))
            surplus = [one for one in present if one.instance >= len(ports)]
            # With the new declaration, too: the store keeps one for all of an app.
            added += [replace(one, spec=spec) for one in surplus]
            events += [(one.pm_id, DeleteRequested()) for one in surplus]
        return Plan(events, added)

    def changed(
        self, ledger: Ledger, chosen: Sequence[Process], change: Change
    ) -> Sequence[Process]:
        """Declare the apps of these processes anew; the processes themselves get their ports."""
        changed: list[Process] = []
        for name in dict.fromkeys(process.name for process in chosen):
            present = [one for one in wanted(ledger.processes) if one.name == name]
            spec = change(present[0].spec)
            if spec == present[0].spec:
                continue
            ports: Sequence[int | None] = ()
            if _asks_for_ports(spec) != _asks_for_ports(present[0].spec):
                _refuse_too_few_ports(spec)
                ports = self._ports(spec, others(spec, ledger.processes.values()), present)
            for one in present:
                own = ports[one.instance] if ports and one in chosen else one.tcp_port
                changed.append(replace(one, spec=spec, tcp_port=own))
        return changed

    def scaled(self, ledger: Ledger, present: Sequence[Process], text: str) -> Plan:
        """Plan to have so many instances of an app."""
        count = wanted_count(text, sum(one.wish is Wish.UP for one in present))
        spec = replace(present[0].spec, instances=max(count, 1))
        kept_ports = {one.instance: one.tcp_port for one in present if one.tcp_port is not None}
        _refuse_too_few_ports(spec)
        going = surplus(present, max(count, 1))
        staying = [one for one in present if one not in going]
        ports = self._ports(spec, others(spec, ledger.processes.values()), staying)
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

    def turn(self, everything: Mapping[int, Process], process: Process, spec: AppSpec) -> Turn:
        """Say how an instance is to be reloaded: with another port of its own, where it can."""
        if spec.tcp_ports is None or spec.shared_port is not None:
            return Turn(process.pm_id, spec, None)

        def choose(ledger: Ledger) -> int:
            return self._fresh_port(ledger.processes.values(), process, spec)

        try:
            choose(Ledger(everything, 0))
        except TcpPortTaken:
            if spec.tcp_ports == process.spec.tcp_ports:
                return Turn(process.pm_id, spec, None)  # what it has is all that there is
            raise
        return Turn(process.pm_id, spec, choose)

    def _as_declared(
        self,
        here: Process | None,
        spec: AppSpec,
        instance: int,
        port: int | None,
        ids: Iterator[int],
    ) -> Process:
        """Make what is declared of the process that is there, or of none."""
        if here is None:
            return Process(
                pm_id=next(ids),
                instance=instance,
                spec=spec,
                created=self._clock.now(),
                tcp_port=port,
            )
        if here.wish is Wish.GONE:
            return self._come_again(here, spec, port)
        return replace(here, spec=spec, tcp_port=port, due=self._due(here, spec))

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
        own = {port for one in present if not has_ended(one) for port in tcp_ports_of(one)}
        return reserve(spec, others, _Forgiving(self._probe, own), kept)

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


def _asks_for_ports(spec: AppSpec) -> tuple[object, ...]:
    return spec.tcp_ports, spec.shared_port


def _refuse_too_few_ports(spec: AppSpec) -> None:
    few = spec.tcp_ports is not None and spec.tcp_ports.count < spec.instances
    if few and spec.tcp_ports is not None and spec.shared_port is None:
        count = spec.tcp_ports.count
        ports = "it has one TCP port" if count == 1 else f"it has {count} TCP ports"
        raise InvalidInput(
            f"cannot have {spec.instances} instances of {spec.name}: {ports} ({spec.tcp_ports})",
            code="tcp_ports_too_few",
        )


def _what_comes(here: Process | None, *, anew: bool, rests: bool) -> Event:
    """Say what becomes of an instance, with its new declaration."""
    runs = here is not None and here.wish is Wish.UP and not has_ended(here)
    if rests and not runs:
        return StopRequested()
    # A job that runs is not disturbed; its next run is as declared now.
    return RestartRequested() if anew else StartRequested()


def unchanged(spec: AppSpec) -> AppSpec:
    """Leave a declaration as it is."""
    return spec


class _Forgiving:
    """A probe that counts the ports an app has already as free for it."""

    def __init__(self, probe: TcpProbe, own: Iterable[int | None]) -> None:
        self._probe = probe
        self._own = frozenset(own)

    def is_free(self, tcp_port: int) -> bool:
        return tcp_port in self._own or self._probe.is_free(tcp_port)

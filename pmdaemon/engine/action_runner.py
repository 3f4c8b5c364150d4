"""How verbs on processes are carried out: what is asked of which, in what order, and when it is so.

All of them end as one question to the supervisor, or as several, one after the other.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from pmdaemon.core import graph
from pmdaemon.core.errors import ShutdownInProgress
from pmdaemon.core.lifecycle_events import (
    DeleteRequested,
    Event,
    RestartRequested,
    ShutdownBegan,
    StopRequested,
)
from pmdaemon.core.process import Process, Starting, Stopping
from pmdaemon.core.selectors import Selector, select
from pmdaemon.engine.outcomes import has_ended, is_down, is_up_or_failed, why_not_down, why_not_up
from pmdaemon.engine.planner import Change, Planner, unchanged
from pmdaemon.engine.selection import needed_by, needed_by_none, seen, wanted, with_twins
from pmdaemon.engine.snapshots import SnapshotMaker, Snapshots
from pmdaemon.engine.supervisor import Action, Ledger, Plan, Settled, Supervisor


class ActionRunner:
    """Has things done to processes, until `is_ending`: then nothing is started any more.

    `is_served` tells whether requests for an app come through the gateway, which holds them while
    the app has no run.
    """

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        planner: Planner,
        snapshots: SnapshotMaker,
        is_served: Callable[[str], bool],
    ) -> None:
        self.is_ending = False
        self._supervisor = supervisor
        self._planner = planner
        self._snapshots = snapshots
        self._is_served = is_served

    def refuse_when_ending(self) -> None:
        """Refuse to start anything while everything ends.

        Raises:
            ShutdownInProgress: it does.

        """
        if self.is_ending:
            raise ShutdownInProgress

    async def bring_up(self, action: Action) -> Snapshots:
        """Have an action carried out, and wait until all that it is about is up, or cannot be.

        Raises:
            ShutdownInProgress: everything ends.
            OperationFailed: something could not be started; the sentence names it.

        """

        def unless_ending(ledger: Ledger) -> Plan:
            self.refuse_when_ending()
            return action(ledger)

        reached = await self._supervisor.ask(unless_ending, settled=is_up_or_failed)
        return self._snapshots.outcome(reached, why_not_up)

    async def start(
        self,
        choose: Callable[[Sequence[Process]], Sequence[Process]],
        event: Event,
        change: Change = unchanged,
    ) -> Snapshots:
        """Post an event that starts to what is chosen, and start what that depends on.

        It is declared as `change` has it from then on.
        """

        def action(ledger: Ledger) -> Plan:
            there = wanted(ledger.processes)
            chosen = choose(there)
            events = [(process.pm_id, event) for process in chosen]
            if isinstance(event, RestartRequested):
                events = [
                    (one.pm_id, replace(event, gently=self._is_served(one.name))) for one in chosen
                ]
                events = with_twins(ledger, events)
            needed = needed_by(chosen, there)
            return Plan([*needed, *events], self._planner.changed(ledger, chosen, change))

        return await self.bring_up(action)

    async def each(
        self,
        selectors: Sequence[Selector],
        event: Event,
        settled: Settled = lambda _: True,
        why_not: Callable[[Process], str | None] = lambda _: None,
    ) -> Snapshots:
        """Post an event to each selected process, and wait until all are settled."""

        def action(ledger: Ledger) -> Plan:
            chosen = select(selectors, seen(ledger.processes))
            events = [(process.pm_id, event) for process in chosen]
            if isinstance(event, StopRequested | DeleteRequested):
                events = with_twins(ledger, events)
            return Plan(events)

        return self._snapshots.outcome(await self._supervisor.ask(action, settled=settled), why_not)

    async def in_turn(self, selectors: Sequence[Selector], event: Event) -> Snapshots:
        """Bring processes down, those that depend on others before these."""
        chosen = select(selectors, list(self._supervisor.processes.values()))
        needs = graph.graph_of(one.spec for one in chosen)
        turns = graph.layers(needs, needs.keys())
        if len(turns) < 2:
            return await self.each(selectors, event, is_down, why_not_down)
        outcome: dict[int, Process | None] = {}
        for turn in reversed(turns):
            events = [(one.pm_id, event) for one in chosen if one.name in turn]
            outcome |= await self._supervisor.ask(
                lambda ledger, events=events: Plan(with_twins(ledger, events)),  # type: ignore[misc] # bound early on purpose
                settled=is_down,
            )
        return self._snapshots.outcome(outcome, why_not_down)

    async def end_all(self) -> None:
        """End every program, leaving what is wished for as it is; nothing is started any more.

        Raises:
            OperationFailed: something survived SIGKILL; the sentence names it.

        """
        self.is_ending = True
        ended: set[int] = set()
        while busy := [
            process for process in self._supervisor.everything.values() if not has_ended(process)
        ]:
            ended |= {process.pm_id for process in busy if process.run is not None}
            plan = Plan([(process.pm_id, ShutdownBegan()) for process in needed_by_none(busy)])
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
        self._snapshots.outcome({pm_id: left.get(pm_id) for pm_id in ended}, why_not_down)

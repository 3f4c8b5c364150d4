"""Reload: new runs in place of old ones, without a gap.

Of each app, one instance after another: a replacement is started beside it, and when that is ready
the two exchange their runs (`core.replacement`). A replacement that does not get ready is taken
away again, what served goes on serving, and the rest of the app stays as it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from pmdaemon.core.errors import OperationFailed, ReloadFailed, ReloadInProgress
from pmdaemon.core.lifecycle_events import DeleteRequested, StartRequested
from pmdaemon.core.process import Errored, Process, Stopped, Wish
from pmdaemon.core.replacement import replacement, twin_id
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.outcomes import is_stuck
from pmdaemon.engine.supervisor import Ledger, Plan, Supervisor


class Turn(Struct, frozen=True):
    """One instance to be reloaded: what it is then declared as.

    `port_of_its_own` chooses the one that the new run gets; None where it needs none.
    """

    pm_id: int
    spec: AppSpec
    port_of_its_own: Callable[[Ledger], int] | None


def overlaps(turn: Turn) -> bool:
    """Whether a second run of an instance can be beside the first for a while.

    The instances of a cluster are made for that. Any other program most likely listens on a port of
    its own, so it can when it gets another one.
    """
    return turn.port_of_its_own is not None or (
        turn.spec.exec_mode == "cluster"
        and (turn.spec.tcp_ports is None or turn.spec.shared_port is not None)
    )


def refuse_twice(processes: Mapping[int, Process], chosen: Sequence[Process]) -> None:
    """Refuse to reload what is being reloaded.

    Raises:
        ReloadInProgress: one of them, or another instance of its app, is.

    """
    names = {process.name for process in chosen}
    for other in processes.values():
        if other.replaces is not None and other.name in names and not is_stuck(other):
            raise ReloadInProgress.already(other.name)


class Reloader:
    """Exchanges runs, one by one.

    Args:
        restart: starts an instance anew, where a second run cannot be beside the first.

    """

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        clock: Clock,
        restart: Callable[[Turn], Awaitable[None]],
    ) -> None:
        self._supervisor = supervisor
        self._clock = clock
        self._restart = restart
        self._under_way = 0

    @property
    def is_busy(self) -> bool:
        """Whether a reload goes on."""
        return self._under_way > 0

    async def reload(self, turns: Sequence[Turn], parallel: int) -> None:
        """Give each instance its turn, app after app, and of an app `parallel` at a time.

        Raises:
            ReloadFailed: a new run was not good; who had no turn yet gets none.
            OperationFailed: as for `take_turn`.

        """
        self._under_way += 1
        try:
            for name in dict.fromkeys(turn.spec.name for turn in turns):
                of_the_app = [turn for turn in turns if turn.spec.name == name]
                for first in range(0, len(of_the_app), parallel):
                    await self._together(of_the_app[first : first + parallel])
        finally:
            self._under_way -= 1

    async def _together(self, turns: Sequence[Turn]) -> None:
        """Let these have their turns at once, each to its end; fail then as the first did."""
        batch = [self._take_or_restart(turn) for turn in turns]
        for failure in await asyncio.gather(*batch, return_exceptions=True):
            if isinstance(failure, BaseException):
                raise failure

    async def _take_or_restart(self, turn: Turn) -> None:
        process = self._supervisor.processes.get(turn.pm_id)
        if process is None:
            return  # it was deleted while others had their turn
        if process.wish is Wish.UP and overlaps(turn):
            await self.take_turn(turn)
        else:
            await self._restart(turn)

    async def take_turn(self, turn: Turn) -> None:
        """Put a new run in the place of the one that an instance has.

        Returns when nothing is left of the former one.

        Raises:
            ReloadFailed: the new run was not good; the former one goes on.
            OperationFailed: somebody stopped it meanwhile, or the former run does not end.

        """
        came: list[Process] = []
        twin = twin_id(turn.pm_id)

        def begin(ledger: Ledger) -> Plan:
            old = _still_up(ledger, turn)
            if twin in ledger.processes and not is_stuck(ledger.processes[twin]):
                raise ReloadInProgress.already(old.name)
            port = turn.port_of_its_own(ledger) if turn.port_of_its_own is not None else None
            new = replacement(old, turn.spec, port, self._clock.now())
            came.append(new)
            return Plan([(new.pm_id, StartRequested())], [new])

        decided = await self._supervisor.ask(begin, settled=_is_decided)
        new = decided.get(twin)
        if new is not None and isinstance(new.state, Errored) and new.wish is Wish.UP:
            await self._supervisor.ask(lambda ledger: _take_away(ledger, turn), settled=_is_over)
            reason, last_words = new.state.reason, new.state.last_words
            raise ReloadFailed(new.called, reason, last_words, name=new.name, instance=new.instance)
        gone = await self._supervisor.ask(lambda ledger: _take_away(ledger, turn), settled=_is_over)
        self._check(turn, came[0], gone.get(twin))

    def _check(self, turn: Turn, came: Process, left: Process | None) -> None:
        now = self._supervisor.processes.get(turn.pm_id)
        if now is None or now.lineage != came.lineage:
            raise OperationFailed(
                f"{came.called} was not reloaded: meanwhile it was stopped, restarted or deleted",
                name=came.name,
            )
        if left is not None and isinstance(left.state, Errored):
            raise OperationFailed(
                f"{came.called} was reloaded, but its old run does not end: {left.state.reason}",
                name=came.name,
            )


def _still_up(ledger: Ledger, turn: Turn) -> Process:
    old = ledger.processes.get(turn.pm_id)
    if old is None or old.wish is not Wish.UP:
        name = turn.spec.name
        raise OperationFailed(f"cannot reload {name}: it was stopped in the meantime", name=name)
    return old


def _take_away(ledger: Ledger, turn: Turn) -> Plan:
    """Delete what is left of a replacement; what it stood beside is written down with its own."""
    twin = twin_id(turn.pm_id)
    if twin not in ledger.processes:
        return Plan([])
    old = ledger.processes.get(turn.pm_id)
    gently = DeleteRequested(gently=True)  # the former run may be draining
    return Plan([(twin, gently)], [old] if old is not None else [])


def _is_decided(new: Process) -> bool:
    return new.wish is not Wish.UP or isinstance(new.state, Errored | Stopped)


def _is_over(new: Process) -> bool:
    return isinstance(new.state, Errored | Stopped)

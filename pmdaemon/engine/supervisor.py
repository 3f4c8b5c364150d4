"""The owner of all processes: one inbox, one message at a time.

A message is a request, or events that came from outside. For each, `core.lifecycle.step` says what
the processes become and what there is to do; that is written to the store; only then does it
become visible, and only then is it done. So what was acknowledged is on disk, and what is on disk
is carried out, if not by this daemon then by the next.

Nobody else changes a process. While the store writes, this loop waits, and with it everything that
could interfere; readers see the state of before.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field

from pmdaemon.core.effects import Effect, Forget, Spawn
from pmdaemon.core.errors import PmdaemonError, StoreUnavailable
from pmdaemon.core.lifecycle import step
from pmdaemon.core.lifecycle_events import Event
from pmdaemon.core.notices import FormerRunGone, ProcessChanged
from pmdaemon.core.process import Identity, Process
from pmdaemon.core.replacement import exchange, may_exchange, twin_id
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Changes, Clock, Store

log = logging.getLogger(__name__)

STORE_RETRY_DELAY = 2.0
"""Seconds until what could not be stored is tried again."""

SPAWNS_AT_ONCE = 4
"""Programs started before the event loop gets a turn: each blocks it for the time of a fork."""


class Ledger(Struct, frozen=True):
    """What an action is decided on."""

    processes: Mapping[int, Process]
    next_pm_id: int


class Plan(Struct, frozen=True):
    """What an action does: processes that come in, and events for these and others."""

    events: Sequence[tuple[int, Event]]
    added: Sequence[Process] = ()


Action = Callable[[Ledger], Plan]
"""Decides, without waiting for anything, and may refuse by raising a `PmdaemonError`."""

Settled = Callable[[Process], bool]
"""Whether a process has got where an action wanted it; one that is gone always has."""


class _Request(Struct, eq=False):
    action: Action
    settled: Settled
    regardless: bool
    accepted: asyncio.Future[Sequence[int]]
    waiting: set[int] = field(default_factory=set)
    outcome: dict[int, Process | None] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def see(self, pm_id: int, process: Process | None) -> None:
        if pm_id in self.waiting and (process is None or self.settled(process)):
            self.waiting.discard(pm_id)
            self.outcome[pm_id] = process
            if not self.waiting:
                self.done.set()


class _Happened(Struct, frozen=True):
    pm_id: int
    event: Event
    recorded: Callable[[], None] | None


class _SaveAgain(Struct, frozen=True):
    """Time to store what could not be stored before."""


class _Draft(Struct, eq=False):
    """What a message leads to, before it is stored."""

    now: Mapping[int, Process]
    before: dict[int, Process | None] = field(default_factory=dict)
    after: dict[int, Process] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    effects: list[tuple[Process, Effect]] = field(default_factory=list)

    def current(self, pm_id: int) -> Process | None:
        """Tell how a process is by now."""
        if pm_id in self.removed:
            return None
        return self.after.get(pm_id) or self.now.get(pm_id)

    def take(self, process: Process, effects: Sequence[Effect]) -> None:
        """Add what becomes of a process, and what there is to do."""
        pm_id, current = process.pm_id, self.current(process.pm_id)
        if process != current:
            self.before.setdefault(pm_id, current)
            self.after[pm_id] = process
        self.effects += [(process, effect) for effect in effects]
        if any(isinstance(effect, Forget) for effect in effects):
            self.removed.add(pm_id)
            self.before.setdefault(pm_id, current)


class Supervisor:
    """Takes messages in and carries processes on."""

    def __init__(self, *, store: Store, clock: Clock, bus: Bus) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._carry_out: Callable[[Process, Effect], None] = _nothing_yet
        self._processes: dict[int, Process] = {}
        self._seen: dict[int, Process] = {}
        self._next_pm_id = 0
        self._new_boot_id: str | None = None
        self._inbox: deque[_Request | _Happened | _SaveAgain] = deque()
        self._mail = asyncio.Event()
        self._requests: list[_Request] = []
        self._unsaved: set[int] = set()
        self._store_failure: StoreUnavailable | None = None
        self._retrying = False

    @property
    def processes(self) -> Mapping[int, Process]:
        """All processes that users know, as they are now, by pm_id, in that order."""
        return self._seen

    @property
    def everything(self) -> Mapping[int, Process]:
        """All processes, with those that a reload has set beside others."""
        return self._processes

    @property
    def unsaved(self) -> int:
        """How many processes the store does not have as they are now, because it failed."""
        return len(self._unsaved)

    @property
    def store_failure(self) -> StoreUnavailable | None:
        """Why the store could not be written at last, while something waits to be written."""
        return self._store_failure

    def adopt(
        self, processes: Iterable[Process], next_pm_id: int, *, new_boot_id: str | None = None
    ) -> None:
        """Begin with what the store held.

        `new_boot_id` is there when the machine was started anew. It is stored together with what
        first happens: were it there alone, a daemon after us would take old runs for new ones.
        """
        self._new_boot_id = new_boot_id
        self._processes = {one.pm_id: one for one in sorted(processes, key=lambda p: p.pm_id)}
        self._seen = {one.pm_id: one for one in self._processes.values() if one.replaces is None}
        self._next_pm_id = next_pm_id

    def post(self, pm_id: int, event: Event, recorded: Callable[[], None] | None = None) -> None:
        """Tell what happened to a process.

        `recorded` is called when that, and what follows from it, has been stored, or could not be
        stored; before that, nothing is done about it.
        """
        self._inbox.append(_Happened(pm_id, event, recorded))
        self._mail.set()

    async def ask(
        self, action: Action, *, settled: Settled, regardless: bool = False
    ) -> Mapping[int, Process | None]:
        """Have something done, and wait until every process concerned is `settled`.

        With `regardless`, it is done also while the store fails, and stored when it can be.

        Returns:
            Each process concerned as it was when it got there, or None where it is gone.

        Raises:
            PmdaemonError: it was refused, or could not be stored; nothing was changed.

        """
        request = _Request(action, settled, regardless, asyncio.get_running_loop().create_future())
        self._inbox.append(request)
        self._mail.set()
        await request.accepted
        await request.done.wait()
        return request.outcome

    async def run(self, carry_out: Callable[[Process, Effect], None]) -> None:
        """Work through the inbox until cancelled; `carry_out` does one effect, without waiting."""
        self._carry_out = carry_out
        while True:
            await self._mail.wait()
            self._mail.clear()
            while self._inbox:
                match self._inbox.popleft():
                    case _Request() as request:
                        await self._answer(request)
                    case _Happened() as first:
                        await self._follow([first, *self._more_that_happened()])
                    case _SaveAgain():
                        await self._follow([])

    def _more_that_happened(self) -> list[_Happened]:
        more: list[_Happened] = []
        while self._inbox and isinstance(next_one := self._inbox[0], _Happened):
            more.append(next_one)
            self._inbox.popleft()
        return more

    async def _answer(self, request: _Request) -> None:
        draft = _Draft(self._processes)
        try:
            plan = request.action(Ledger(self._processes, self._next_pm_id))
            for process in plan.added:
                draft.before[process.pm_id] = self._processes.get(process.pm_id)
                draft.after[process.pm_id] = process
            self._draw_up(draft, plan.events)
            if request.regardless:
                await self._save_when_possible(draft)
            else:
                await self._save(draft, urgent=True)
        except PmdaemonError as refusal:
            if not request.accepted.done():
                request.accepted.set_exception(refusal)
            return
        concerned = list(dict.fromkeys(pm_id for pm_id, _ in plan.events))
        request.waiting = set(concerned)
        self._requests.append(request)
        if not request.accepted.done():
            request.accepted.set_result(concerned)
        await self._make_so(draft)
        for pm_id in concerned:
            request.see(pm_id, self._processes.get(pm_id))
        if not request.waiting:
            request.done.set()

    async def _follow(self, happened: Sequence[_Happened]) -> None:
        draft = _Draft(self._processes)
        self._draw_up(draft, [(one.pm_id, one.event) for one in happened])
        await self._save_when_possible(draft)
        for one in happened:
            if one.recorded is not None:
                one.recorded()
        await self._make_so(draft)

    async def _save_when_possible(self, draft: _Draft) -> None:
        try:
            await self._save(draft, urgent=False)
        except StoreUnavailable as error:
            # It has happened, whether it can be written down or not.
            self._unsaved |= draft.after.keys() | draft.removed
            if self._store_failure is None:
                log.error("store.failed reason=%s", error)
            self._store_failure = error
            self._retry_later()

    def _draw_up(self, draft: _Draft, events: Sequence[tuple[int, Event]]) -> None:
        for told, event in events:
            pm_id = _whose(draft, told, event)
            if (current := draft.current(pm_id)) is None:
                continue
            draft.take(*step(current, event))
            new, old = sorted((pm_id, twin_id(pm_id)))
            _exchange_if_ready(draft, old, new)

    async def _save(self, draft: _Draft, *, urgent: bool) -> None:
        if not (draft.after or draft.removed or self._unsaved or self._new_boot_id):
            return
        current = {**self._processes, **draft.after}
        touched = draft.after.keys() | self._unsaved
        removed = draft.removed | {pm_id for pm_id in self._unsaved if pm_id not in current}
        next_pm_id = max([self._next_pm_id, *(pm_id + 1 for pm_id in draft.after)])
        if not current.keys() - removed:
            next_pm_id = 0
        await self._store.commit(
            Changes(
                written=[current[pm_id] for pm_id in sorted(touched - removed)],
                removed=sorted(removed),
                next_pm_id=next_pm_id if next_pm_id != self._next_pm_id else None,
                boot_id=self._new_boot_id,
                urgent=urgent,
            )
        )
        if self._store_failure is not None:
            log.info("store.recovered saved=%d", len(self._unsaved))
            self._store_failure = None
        self._unsaved.clear()
        self._new_boot_id = None
        self._next_pm_id = next_pm_id

    async def _make_so(self, draft: _Draft) -> None:
        self._processes.update(draft.after)
        self._seen.update((id_, one) for id_, one in draft.after.items() if one.replaces is None)
        for pm_id in draft.removed:
            self._processes.pop(pm_id, None)
            self._seen.pop(pm_id, None)
        for pm_id, before in draft.before.items():
            after = self._processes.get(pm_id)
            if pm_id >= 0:  # of the other one, users hear by what becomes of this one
                self._bus.publish(ProcessChanged(before, after))
            elif before is not None and after is None:
                self._bus.publish(FormerRunGone(before.name))
            for request in self._requests:
                request.see(pm_id, after)
        self._requests = [request for request in self._requests if request.waiting]
        spawns = 0
        for process, effect in draft.effects:
            self._carry_out(process, effect)
            spawns += isinstance(effect, Spawn)
            if spawns == SPAWNS_AT_ONCE:
                spawns = 0
                await asyncio.sleep(0)

    def _retry_later(self) -> None:
        if not self._retrying:
            self._retrying = True
            self._clock.call_later(STORE_RETRY_DELAY, self._retry)

    def _retry(self) -> None:
        self._retrying = False
        if self._unsaved or self._new_boot_id:
            self._inbox.append(_SaveAgain())
            self._mail.set()


def _whose(draft: _Draft, pm_id: int, event: Event) -> int:
    """Tell which process an event is about: a run may have gone over to the other of two."""
    identity: Identity | None = getattr(event, "identity", None)
    if identity is None:
        return pm_id
    for candidate in (pm_id, twin_id(pm_id)):
        process = draft.current(candidate)
        if process is not None and process.run is not None and process.run.identity == identity:
            return candidate
    return pm_id


def _exchange_if_ready(draft: _Draft, old_id: int, new_id: int) -> None:
    old, new = draft.current(old_id), draft.current(new_id)
    if old is not None and new is not None and may_exchange(old, new):
        for process, effects in exchange(old, new):
            draft.take(process, effects)


def _nothing_yet(_process: Process, _effect: Effect) -> None:
    raise AssertionError("the supervisor does not run yet")

"""Tells hooks what happened to their apps: in order, again if need be, and not for ever.

Each hook has a line of its own, which is bounded: one that does not answer keeps nobody waiting but
itself, and what is too much for it is dropped, the oldest first, and counted in the log. A line is
in memory; what stands in it when the daemon dies is not told.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct, field

from pmdaemon.core.environment import child_environment
from pmdaemon.core.events import EventKind
from pmdaemon.core.hooks import RETRY_DELAYS, TIMEOUT, Telling, headers, tellings
from pmdaemon.core.notices import EventLogged, Notice, ProcessChanged
from pmdaemon.core.process import Process
from pmdaemon.core.spec import Hook, RunAs
from pmdaemon.engine import tasks
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, HookDelivery, HookOrder
from pmdaemon.engine.timers import pause

log = logging.getLogger(__name__)

LONGEST_LINE = 100
"""Events that wait for one hook."""


class _Line(Struct, eq=False):
    waiting: deque[tuple[Telling, Process]] = field(default_factory=deque)
    working: "asyncio.Task[None] | None" = None


class HookRunner:
    """Takes in events, and tells each to those who asked for it.

    `life` tells the numbers of events of one daemon from those of another. Besides the hooks of an
    app, those `for_all` are told of it; their commands run in `home` with its `environment`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        delivery: HookDelivery,
        life: int,
        home: str = "/",
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._home = home
        self._environment = environment
        self._for_all: tuple[Hook, ...] = ()
        self._clock = clock
        self._bus = bus
        self._delivery = delivery
        self._life = life
        self._processes: dict[int, Process] = {}
        self._lines: dict[tuple[str, int], _Line] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def tell_of_all(self, hooks: Sequence[Hook]) -> None:
        """Tell these of all apps, from now on."""
        self._for_all = tuple(hooks)

    def start(self, processes: Mapping[int, Process]) -> None:
        """Tell of what happens from now on, to these and to all that come."""
        self._unsubscribe = self._bus.subscribe(self._on_notice, ProcessChanged, EventLogged)
        self._processes = {pm_id: one for pm_id, one in processes.items() if self._hooks(one)}

    def stop(self) -> None:
        """Tell nobody anything any more."""
        self._unsubscribe()
        for line in self._lines.values():
            if line.working is not None:
                line.working.cancel()
        self._lines.clear()

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before, after):
                # Of what is gone, the last thing known: its end is told, too.
                known = after or before
                if known is not None and self._hooks(known):
                    self._processes[known.pm_id] = known
                elif known is not None:
                    self._processes.pop(known.pm_id, None)
            case EventLogged(event=event) as logged if event.pm_id in self._processes:
                process = self._processes[event.pm_id]
                for telling in tellings(self._hooks(process), logged, self._life):
                    self._stand_in_line(process, telling)
                if event.kind is EventKind.DELETED:
                    del self._processes[event.pm_id]
            case _:
                pass

    def _hooks(self, process: Process) -> tuple[Hook, ...]:
        return (*process.spec.hooks, *self._for_all)

    def _stand_in_line(self, process: Process, telling: Telling) -> None:
        key = process.name, telling.place
        line = self._lines.setdefault(key, _Line())
        line.waiting.append((telling, process))
        if len(line.waiting) > LONGEST_LINE:
            dropped, _ = line.waiting.popleft()
            log.warning("hook.dropped app=%s event=%s", process.name, dropped.event)
        if line.working is None or line.working.done():
            line.working = tasks.spawn(self._work(key, line), name=f"hook.{telling.id}")

    async def _work(self, key: tuple[str, int], line: _Line) -> None:
        while line.waiting:
            telling, process = line.waiting.popleft()
            await self._tell(telling, process)
        if self._lines.get(key) is line:
            del self._lines[key]

    async def _tell(self, telling: Telling, process: Process) -> None:
        for delay in (*RETRY_DELAYS, None):
            result = await self._delivery.deliver(self._order(telling, process))
            if result.ok:
                log.info("hook.told app=%s event=%s", process.name, telling.event)
                return
            log.warning(
                "hook.failed app=%s event=%s reason=%s", process.name, telling.event, result.reason
            )
            if not result.again or delay is None:
                return
            await pause(self._clock, delay)

    def _order(self, telling: Telling, process: Process) -> HookOrder:
        hook = telling.hook
        is_own = telling.place < len(process.spec.hooks)
        env = child_environment(process) if is_own else self._environment
        return HookOrder(
            command=hook.command,
            url=hook.url,
            headers=headers(telling) if hook.url is not None else {},
            body=telling.body,
            cwd=process.spec.cwd if is_own else self._home,
            env={**env, **telling.variables} if hook.command else {},
            run_as=process.spec.run_as if is_own else RunAs(),
            timeout=TIMEOUT,
        )

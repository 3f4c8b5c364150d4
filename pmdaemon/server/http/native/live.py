"""Tells everybody who listens what is so, as soon as it changes.

Rules of this file:

* A listener gets the whole list first, and from then on what changed; metrics come with every
  sample. Nothing is worked out while nobody listens.
* What happens in a burst goes out together: a few milliseconds after its beginning when it was
  quiet before, and else not before `HOLD` seconds have passed.
* Whoever does not keep up is left behind, is told so, and gets the whole list again. Nobody else
  waits, and what is kept for one listener is bounded.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from aiohttp import web

from pmdaemon.core.notices import EventLogged, HealthChecked, Notice, ProcessChanged, Sampled
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.engine import tasks
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import Cancellable
from pmdaemon.server.http.guard import Guard
from pmdaemon.server.http.native import frames
from pmdaemon.server.http.native.frames import Batch, Feed, Frame, FrameType
from pmdaemon.server.http.native.views import View, process_view

log = logging.getLogger(__name__)

HOLD = 0.05
"""Seconds between two broadcasts: a restart of everything must not become a storm."""

GATHERING = 0.005
"""Seconds that the first news of a burst waits for the rest: a start is two changes, a few
milliseconds apart."""

SLICE = 100
"""Listeners told in one turn of the event loop: some three milliseconds."""

BEAT = 15.0
"""Seconds between two signs of life."""

VOLATILE = frozenset({"cpu_usage", "memory_usage", "uptime"})
"""What changes all the time; it goes out with the metrics."""

GONE = "deleted"
"""The status of a process that is not there any more."""


class Listener(Protocol):
    """Somebody who is told; none of this may wait."""

    feed: Feed

    def deliver(self, batch: Batch) -> None:
        """Take what is new, or leave it and lag behind."""

    def beat(self) -> None:
        """Give a sign of life, and see whether the other side does."""

    def dismiss(self) -> None:
        """Come to an end, as the server does."""


class LiveFeed:
    """All who listen, and what they were told last."""

    def __init__(self, engine: Engine, guard: Guard, *, hold: float = HOLD) -> None:
        self.engine = engine
        self.guard = guard
        self._hold = hold
        self._listeners: set[Listener] = set()
        self._unsubscribe = _nothing
        self._broadcaster: asyncio.Task[None] | None = None
        self._next_beat: Cancellable | None = None
        self._news = asyncio.Event()
        self._changed: set[int] = set()
        self._happened: list[EventLogged] = []
        self._told = 0
        self._sampled = False
        self._known: dict[int, View] = {}
        self._lists: dict[Feed, Batch] = {}

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def join(self, listener: Listener) -> None:
        """Tell somebody from now on, beginning with the whole list."""
        if not self._listeners:
            self._begin()
        self._listeners.add(listener)
        listener.deliver(self.whole_list(listener.feed))

    def leave(self, listener: Listener) -> None:
        """Tell somebody nothing any more."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._end()

    async def dismiss_all(self) -> None:
        """Send everybody away, as the server is turned off or makes way for the next."""
        for listener in tuple(self._listeners):
            listener.dismiss()

    def whole_list(self, feed: Feed) -> Batch:
        """Show all processes; made once for all who ask for it at about the same time."""
        if feed not in self._lists:
            views = [process_view(one) for one in self.engine.processes.list()]
            cursor = self._cursor(self._told)
            shown = _shown(views, feed)
            self._lists[feed] = Batch([self.frame(FrameType.PROCESS_LIST, shown, cursor=cursor)])
        return self._lists[feed]

    def frame(self, kind: FrameType, data: object, *, cursor: str | None = None) -> Frame:
        """Make a frame of this moment."""
        return Frame(kind, self.engine.clock.now().wall, data, cursor=cursor)

    def events_since(self, life: int, number: int) -> tuple[Sequence[EventLogged], bool]:
        """List the events behind a cursor that others were told; and say whether that is all.

        What is still to be told comes to everybody.
        """
        log = self.engine.events
        if life != log.life:
            return [], False
        events, whole = log.since(number)
        return [one for one in events if one.number <= self._told], whole

    def event_frame(self, logged: EventLogged) -> Frame:
        """Make the frame of an event."""
        cursor = self._cursor(logged.number)
        view = frames.event_view(logged, cursor)
        return Frame(FrameType.PROCESS_EVENT, logged.at.wall, view, cursor=cursor)

    def _cursor(self, number: int) -> str:
        return f"{self.engine.events.life}.{number}"

    def _begin(self) -> None:
        self._known = _views(self.engine.processes.list())
        self._told = self.engine.events.latest
        self._unsubscribe = self.engine.bus.subscribe(self._on_notice)
        self._broadcaster = tasks.spawn(self._broadcast_for_ever(), name="live")
        self._next_beat = self.engine.clock.call_later(BEAT, self._beat)

    def _end(self) -> None:
        self._unsubscribe()
        self._unsubscribe = _nothing
        if self._broadcaster is not None:
            self._broadcaster.cancel()
        if self._next_beat is not None:
            self._next_beat.cancel()
        self._changed.clear()
        self._happened.clear()
        self._lists.clear()
        self._sampled = False

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before, after):
                one = after or before
                if one is not None:
                    self._changed.add(one.pm_id)
            case HealthChecked(process, earlier, now) if earlier.status is not now.status:
                self._changed.add(process.pm_id)
            case EventLogged():
                self._happened.append(notice)
            case Sampled():
                self._sampled = True
            case _:
                return
        self._lists.clear()
        self._news.set()

    async def _broadcast_for_ever(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHERING)
            self._news.clear()
            try:
                await self._broadcast()
            except Exception:
                log.exception("live.failed")  # the next one may be better
            await asyncio.sleep(self._hold)

    async def _broadcast(self) -> None:
        batches = self._changes()
        await self._tell(batches)
        if self._sampled:
            self._sampled = False
            await self._tell(await self._metrics())

    async def _tell(self, batches: Mapping[Feed, Batch]) -> None:
        for number, listener in enumerate(tuple(self._listeners), 1):
            if batches[listener.feed].frames and listener in self._listeners:
                listener.deliver(batches[listener.feed])
            if number % SLICE == 0:
                await asyncio.sleep(0)

    def _changes(self) -> dict[Feed, Batch]:
        changed, happened = self._changed, self._happened
        self._changed, self._happened = set(), []
        self._told = happened[-1].number if happened else self._told
        views = _views(self.engine.processes.glance(changed))
        full: list[Frame] = []
        public: list[Frame] = []
        for pm_id in sorted(changed):
            for kind, view in self._differences(pm_id, views.get(pm_id)):
                full.append(self.frame(kind, view))
                public.append(self.frame(kind, _public(kind, view)))
        full += [self.event_frame(one) for one in happened]
        return {Feed.FULL: Batch(full), Feed.PUBLIC: Batch(public)}

    def _differences(self, pm_id: int, view: View | None) -> Iterable[tuple[FrameType, View]]:
        """Say how a process shows otherwise than it did, and remember how it shows now."""
        known = self._known.pop(pm_id, None)
        if view is None:
            if known is not None:
                gone = {"id": pm_id, "name": known["name"], "status": GONE}
                yield FrameType.PROCESS_STATUS, {**gone, "previous_status": known["status"]}
            return
        self._known[pm_id] = view
        if known is None or _steady(known) != _steady(view):
            before = known["status"] if known is not None else None
            yield FrameType.PROCESS_STATUS, {**view, "previous_status": before}
        if known is not None and known["health_status"] != view["health_status"]:
            yield (
                FrameType.HEALTH_UPDATE,
                {
                    "id": pm_id,
                    "process": view["name"],
                    "status": view["health_status"],
                    "previous_status": known["health_status"],
                },
            )

    async def _metrics(self) -> dict[Feed, Batch]:
        host = await asyncio.to_thread(self.engine.host.read)
        snapshots = self.engine.processes.list()
        up = [one for one in snapshots if one.process.pid is not None]
        machine = self.frame(FrameType.SYSTEM_METRICS, frames.machine_view(host, snapshots))
        per_process = {
            feed: self.frame(FrameType.PROCESS_METRICS, frames.metrics_view(up, feed))
            for feed in Feed
        }
        return {
            Feed.FULL: Batch([per_process[Feed.FULL], machine]),
            Feed.PUBLIC: Batch([per_process[Feed.PUBLIC]]),
        }

    def _beat(self) -> None:
        self._next_beat = self.engine.clock.call_later(BEAT, self._beat)
        for listener in tuple(self._listeners):
            listener.beat()


LIVE = web.AppKey("live", LiveFeed)
"""Where the handlers of an application find its feed."""


def _nothing() -> None:
    """There is nothing to leave."""


def _views(snapshots: Iterable[ProcessSnapshot]) -> dict[int, View]:
    return {one.process.pm_id: process_view(one) for one in snapshots}


def _shown(views: Sequence[View], feed: Feed) -> Sequence[View]:
    return views if feed is Feed.FULL else [frames.public_view(view) for view in views]


def _public(kind: FrameType, view: View) -> View:
    if kind is not FrameType.PROCESS_STATUS:
        return view
    return {**frames.public_view(view), "previous_status": view["previous_status"]}


def _steady(view: View) -> View:
    return {name: value for name, value in view.items() if name not in VOLATILE}

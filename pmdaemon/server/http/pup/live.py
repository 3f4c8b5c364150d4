"""Tells everybody at `/wss` what happens, as it happens.

A message for a program goes to that program alone, or to the consumer of that name. All else goes
to whoever may read. Nothing is worked out while nobody listens.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.instance_names import instance_name
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import (
    EndingBegan,
    EntryWritten,
    MessageSent,
    Notice,
    ProcessChanged,
    TelemetryReceived,
)
from pmdaemon.core.process import Cause, Process, Stopping
from pmdaemon.core.schedule import schedule_of
from pmdaemon.core.selectors import Selector
from pmdaemon.engine import tasks
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import Cancellable
from pmdaemon.server.http.guard import Guard
from pmdaemon.server.http.log_streams import LogStream
from pmdaemon.server.http.pup import frames, looking, views
from pmdaemon.server.http.pup.frames import FrameType, frame

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks at everything, which are told as `application_state`."""

BEAT = 15
"""Ticks between two signs of life."""


class Listener(Protocol):
    """Somebody who is told; none of this may wait."""

    @property
    def reads(self) -> bool:
        """Whether it may know what happens to others."""

    def goes_by(self, name: str) -> bool:
        """Whether messages for this name are for it."""

    def deliver(self, data: bytes) -> None:
        """Take a frame, or leave it and lag behind."""

    def beat(self) -> None:
        """Give a sign of life, and see whether the other side does."""

    def dismiss(self) -> None:
        """Come to an end, as the server does."""


class PupFeed:
    """All who listen."""

    def __init__(self, engine: Engine, guard: Guard) -> None:
        self.engine = engine
        self.guard = guard
        self._listeners: set[Listener] = set()
        self._unsubscribe: Callable[[], None] = _nothing
        self._output: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._next_tick: Cancellable | None = None
        self._ticks = 0

    def join(self, listener: Listener) -> None:
        """Tell somebody from now on."""
        if not self._listeners:
            self._begin()
        self._listeners.add(listener)
        listener.deliver(frame(FrameType.INIT, {"version": __version__}))

    def leave(self, listener: Listener) -> None:
        """Tell somebody nothing any more."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._end()

    async def dismiss_all(self) -> None:
        """Send everybody away, as the server is turned off or makes way for the next."""
        for listener in tuple(self._listeners):
            listener.dismiss()

    def _begin(self) -> None:
        self._unsubscribe = self.engine.bus.subscribe(self._on_notice)
        self._output = tasks.spawn(self._tell_output_for_ever(), name="wss.output")
        self._next_tick = self.engine.clock.call_later(TICK, self._tick)

    def _end(self) -> None:
        self._unsubscribe()
        self._unsubscribe = _nothing
        if self._output is not None:
            self._output.cancel()
        if self._next_tick is not None:
            self._next_tick.cancel()

    def _tell(self, kind: FrameType, data: object) -> None:
        readers = [one for one in self._listeners if one.reads]
        if readers:
            encoded = frame(kind, data)
            for one in readers:
                one.deliver(encoded)

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before, after) if after is not None and after.replaces is None:
                self._tell_change(before, after)
            case EntryWritten(entry):
                view = views.entry_view(entry)
                if entry.process is None:
                    del view["processId"]  # as Pup has it here, other than in `/logs`
                self._tell(FrameType.LOG, view)
            case TelemetryReceived(_, telemetry):
                self._tell(FrameType.TELEMETRY, telemetry)
            case MessageSent():
                self._pass_on(notice)
            case EndingBegan(deadline):
                encoded = frame(FrameType.TERMINATING, round(deadline * 1000))
                for one in self._listeners:
                    one.deliver(encoded)
            case _:
                pass

    def _pass_on(self, message: MessageSent) -> None:
        encoded = frame(FrameType.IPC, frames.message_view(message))
        for one in self._listeners:
            if one.goes_by(message.target):
                one.deliver(encoded)

    def _tell_change(self, before: Process | None, after: Process) -> None:
        self._news.set()
        shown = looking.shown_of(self.engine, after.pm_id)
        if not shown:
            return
        status = views.information_view(shown[0])
        old = views.status_number(before) if before is not None else None
        new = views.status_number(after)
        if old != new:
            changed = {"old": old, "new": new, "status": status}
            self._tell(FrameType.STATUS_CHANGED, changed)
        if schedule_of(after) is not None and (before is None or before.due != after.due):
            due = self.engine.triggers.cron.next_due(after.pm_id)
            told = {"next": views.iso(due)} if due is not None else {}
            self._tell(FrameType.SCHEDULED, {**told, "status": status})
        if after.run is not None and (before is None or before.run != after.run):
            self._tell_end(after, status)
        match before.state if before is not None else None, after.state:
            case (Stopping(), _):
                pass
            case (_, Stopping(cause=Cause.FILES_CHANGED)):
                at = views.iso(self.engine.clock.now().wall)
                self._tell(FrameType.WATCH, {"at": at, "status": status})
            case _:
                pass

    def _tell_end(self, process: Process, status: views.View) -> None:
        """Tell when the run that has begun is ended, where a schedule does that."""
        ends = self.engine.triggers.time_limits.ends_at(process)
        if ends is not None:
            told = {"next": views.iso(ends), "status": status}
            self._tell(FrameType.SCHEDULED_TERMINATE, told)

    def _tick(self) -> None:
        self._next_tick = self.engine.clock.call_later(TICK, self._tick)
        self._ticks += 1
        if self._ticks % BEAT == 0:
            for one in tuple(self._listeners):
                one.beat()
        tasks.spawn(self._tell_state(), name="wss.state")

    async def _tell_state(self) -> None:
        if not any(one.reads for one in self._listeners):
            return
        host = await asyncio.to_thread(self.engine.host.read)
        self._tell(FrameType.STATE, looking.state_of(self.engine, host))
        self._tell(FrameType.WATCHDOG, None)

    async def _tell_output_for_ever(self) -> None:
        """Follow what all programs print; with none, wait until there is one."""
        while True:
            self._news.clear()
            try:
                await self._tell_output()
            except PmdaemonError as error:
                log.warning("wss.no_output reason=%s", error)
            await self._news.wait()

    async def _tell_output(self) -> None:
        stream = LogStream(self.engine, [Selector.parse("all")], OutputStream, lines=0)
        async with aclosing(stream.read()) as batches:
            async for pieces in batches:
                now = self.engine.clock.now().wall
                for piece in pieces:
                    view = frames.output_view(piece, instance_name(piece.process), now)
                    self._tell(FrameType.LOG, view)


PUP_LIVE = web.AppKey("pup live", PupFeed)
"""Where the handlers of an application find its feed."""


def _nothing() -> None:
    """There is nothing to leave."""

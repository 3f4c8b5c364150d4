"""Starts apps anew when their files change."""

import logging
from collections.abc import Callable

from msgspec import Struct

from pmdaemon.core.lifecycle_events import Event, RestartRequested
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import Cause, Process, Wish
from pmdaemon.core.watching import WatchOrder, order_of
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Cancellable, Clock, FileWatch
from pmdaemon.engine.supervisor import Supervisor

log = logging.getLogger(__name__)

LEAST_DELAY = 0.1
"""Seconds without a change until what was gathered counts: an editor makes several at once."""

SOON = 2.0
"""Seconds: who changes files so soon after it was started anew may well be the cause itself."""

LONGEST_BRAKE = 15.0
"""Seconds: up to so long, and twice as long each time, it is waited when that happens again."""

LONGEST_GATHERING = 5.0
"""Seconds after which it counts though changes go on, or a long `delay` after the first of them."""


class _Watched(Struct, eq=False):
    """An app whose files are watched, and what was gathered since the last restart."""

    order: WatchOrder
    delay: float
    watch: Cancellable
    gathered: int = 0
    first: str = ""
    since: float = 0.0
    restarted: float = -SOON
    brake: float = 0.0
    timer: Cancellable | None = None

    def cancel(self) -> None:
        self.watch.cancel()
        if self.timer is not None:
            self.timer.cancel()


class FileWatcher:
    """Watches the files of each app that is wished up, also while it is down: a change may help."""

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        supervisor: Supervisor,
        files: FileWatch,
        post: Callable[[int, Event], None],
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._supervisor = supervisor
        self._files = files
        self._post = post
        self._watched: dict[str, _Watched] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Watch for all apps that want it, now and from now on."""
        self._unsubscribe = self._bus.subscribe(self._on_notice, ProcessChanged)
        for name in {process.name for process in self._supervisor.processes.values()}:
            self._settle(name)

    def stop(self) -> None:
        """Watch nothing any more."""
        self._unsubscribe()
        while self._watched:
            self._watched.popitem()[1].cancel()

    def _on_notice(self, notice: Notice) -> None:
        if not isinstance(notice, ProcessChanged):
            return
        before, after = notice.before, notice.after
        if (
            before is None
            or after is None
            or (before.wish, before.spec) != (after.wish, after.spec)
        ):
            known = after or before
            if known is not None and (known.spec.watch is not None or known.name in self._watched):
                self._settle(known.name)

    def _settle(self, name: str) -> None:
        """Watch for an app as it is to be now."""
        wanted = next((process.spec for process in self._up(name)), None)
        order = order_of(wanted) if wanted is not None else None
        known = self._watched.get(name)
        if known is not None and known.order == order:
            return
        if known is not None:
            self._watched.pop(name).cancel()
        if order is None or wanted is None or wanted.watch is None:
            return
        watch = self._files.watch(order, lambda path: self._changed(name, path))
        self._watched[name] = _Watched(order, max(LEAST_DELAY, wanted.watch.delay), watch)

    def _up(self, name: str) -> list[Process]:
        everybody = self._supervisor.processes.values()
        return [one for one in everybody if one.name == name and one.wish is Wish.UP]

    def _changed(self, name: str, path: str) -> None:
        watched = self._watched.get(name)
        if watched is None:
            return
        now = self._clock.now().monotonic
        if not watched.gathered:
            watched.first, watched.since = path, now
            is_soon = now - watched.restarted < max(SOON, watched.brake)
            watched.brake = min(LONGEST_BRAKE, max(0.5, 2 * watched.brake)) if is_soon else 0.0
        watched.gathered += 1
        if watched.timer is not None:
            watched.timer.cancel()
        delay = max(watched.delay, watched.brake)
        left = max(0.0, watched.since + max(LONGEST_GATHERING, delay) - now)
        watched.timer = self._clock.call_later(
            min(delay, left), lambda: self._restart(name, watched)
        )

    def _restart(self, name: str, watched: _Watched) -> None:
        log.info("files.changed app=%s count=%d first=%s", name, watched.gathered, watched.first)
        if watched.brake == LONGEST_BRAKE:
            log.warning("files.loop app=%s writes=%s, which is watched", name, watched.first)
        watched.gathered, watched.timer = 0, None
        watched.restarted = self._clock.now().monotonic
        for process in self._up(name):
            self._post(process.pm_id, RestartRequested(Cause.FILES_CHANGED))

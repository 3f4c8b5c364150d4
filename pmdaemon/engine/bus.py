"""Hands notices to subscribers."""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from pmdaemon.core.notices import Notice

log = logging.getLogger(__name__)

Subscriber = Callable[[Notice], None]


class Bus:
    """Calls subscribers with every notice of the kinds they asked for, at once and in order.

    A notice that a subscriber publishes in turn is told when everybody has heard of the one before.
    A subscriber must not wait: one that has slow work to do keeps a bounded queue of its own.
    """

    def __init__(self) -> None:
        self._subscribers: list[tuple[Subscriber, Sequence[type[Notice]]]] = []
        self._concerned: dict[type[Notice], Sequence[Subscriber]] = {}
        self._untold: deque[Notice] = deque()
        self._telling = False

    def subscribe(self, subscriber: Subscriber, *kinds: type[Notice]) -> Callable[[], None]:
        """Call `subscriber` from now on with notices of these kinds, or, without any, with all.

        The result ends it.
        """
        entry = subscriber, kinds
        self._subscribers.append(entry)
        self._concerned.clear()

        def leave() -> None:
            self._subscribers.remove(entry)
            self._concerned.clear()

        return leave

    def publish(self, notice: Notice) -> None:
        """Tell everybody; a subscriber that fails is logged and does not stop the others."""
        self._untold.append(notice)
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                self._tell(self._untold.popleft())
        finally:
            self._telling = False

    def _tell(self, notice: Notice) -> None:
        for subscriber in self._concerned_by(type(notice)):
            try:
                subscriber(notice)
            except Exception:
                log.exception("bus.subscriber_failed")

    def _concerned_by(self, kind: type[Notice]) -> Sequence[Subscriber]:
        # Looked up thousands of times while a file of apps is started, and hardly ever different.
        if (known := self._concerned.get(kind)) is None:
            known = tuple(one for one, kinds in self._subscribers if not kinds or kind in kinds)
            self._concerned[kind] = known
        return known

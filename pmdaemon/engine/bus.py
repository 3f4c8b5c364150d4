"""Hands notices to subscribers."""

import logging
from collections import deque
from collections.abc import Callable

from pmdaemon.core.notices import Notice

log = logging.getLogger(__name__)

Subscriber = Callable[[Notice], None]


class Bus:
    """Calls every subscriber with every notice, at once and in order.

    A notice that a subscriber publishes in turn is told when everybody has heard of the one before.
    A subscriber must not wait: one that has slow work to do keeps a bounded queue of its own.
    """

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []
        self._untold: deque[Notice] = deque()
        self._telling = False

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with every notice from now on; the result ends it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

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
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(notice)
            except Exception:
                log.exception("bus.subscriber_failed")

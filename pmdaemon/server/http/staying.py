"""Whether a client that was let in, for something that lasts, may stay."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.guard import ADMISSION
from pmdaemon.server.http.refusals import Refusal

GATE = web.AppKey("gate", Gate)
"""Where one hears that somebody may not be welcome any more."""


class Stay:
    """The time that a client is welcome; `over` is set at its end."""

    def __init__(self, request: web.Request) -> None:
        self._admission: Callable[[], object] = request[ADMISSION]
        self.over = asyncio.Event()

    def check(self) -> None:
        """See whether the client would be let in now."""
        try:
            self._admission()
        except Refusal:
            self.over.set()


@contextmanager
def staying(request: web.Request) -> Iterator[Stay]:
    """Look again and again, for the length of the context, whether a client may stay."""
    stay = Stay(request)
    leave = request.app[GATE].watch(stay.check)
    try:
        yield stay
    finally:
        leave()

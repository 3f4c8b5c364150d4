"""The end of everything, programs first, while fronts are still there to tell how it goes."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.tasks import spawn

log = logging.getLogger(__name__)


class Shutdown:
    """Ends all programs, and then the daemon; to ask for it twice is to ask once.

    Args:
        processes: what is to be ended first.
        end: ends the daemon.

    """

    def __init__(self, *, processes: Processes, end: Callable[[], None]) -> None:
        self._processes = processes
        self._end = end
        self._work: asyncio.Task[None] | None = None
        self._failures: Sequence[PmdaemonError] = ()

    def begin(self) -> None:
        """Begin, unless it has begun."""
        if self._work is None:
            self._work = spawn(self._shut_down(), name="shutdown")

    async def finished(self) -> Sequence[PmdaemonError]:
        """Begin, and wait until the programs have ended; tell what could not be done.

        Whoever waits no longer takes nothing back.
        """
        self.begin()
        if self._work is not None:
            await asyncio.shield(self._work)
        return self._failures

    async def _shut_down(self) -> None:
        try:
            await self._processes.shut_down()
        except PmdaemonError as error:
            log.error("daemon.left_behind reason=%s", error)  # noqa: TRY400 - the reason says it all
            self._failures = [error]
        finally:
            self._end()

"""The end of everything, programs first, while fronts are still there to tell how it goes."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from pmdaemon.core.errors import OperationFailed, PmdaemonError
from pmdaemon.core.notices import EndingBegan
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.tasks import spawn

log = logging.getLogger(__name__)

DEADLINE = 30.0
"""Seconds that programs have together to end in; what is left then is ended as it always is."""


class Shutdown:
    """Ends all programs, and then the daemon; to ask for it twice is to ask once.

    Args:
        processes: what is to be ended first.
        bus: where it is told.
        end: ends the daemon.
        deadline: seconds that programs have together.

    """

    def __init__(
        self,
        *,
        processes: Processes,
        bus: Bus,
        end: Callable[[], None],
        deadline: float = DEADLINE,
    ) -> None:
        self._processes = processes
        self._bus = bus
        self._end = end
        self._deadline = deadline
        self._work: asyncio.Task[None] | None = None
        self._failures: Sequence[PmdaemonError] = ()

    def begin(self) -> None:
        """Begin, unless it has begun."""
        if self._work is None:
            self._processes.refuse_starts()
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
        self._bus.publish(EndingBegan(self._deadline))
        try:
            async with asyncio.timeout(self._deadline):
                await self._processes.shut_down()
        except TimeoutError:
            self._fail(OperationFailed(f"not all programs ended within {self._deadline:g} s"))
        except PmdaemonError as error:
            self._fail(error)
        finally:
            self._end()

    def _fail(self, error: PmdaemonError) -> None:
        log.error("ending.left_behind reason=%s", error)
        self._failures = [error]

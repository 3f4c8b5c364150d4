"""What fronts see of the engine."""

import asyncio
import logging
from collections.abc import Mapping

from msgspec import Struct

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.notices import EndingBegan
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.event_log import EventLog
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.interfaces import AuditLog, Clock, HostMetrics
from pmdaemon.engine.job_history import JobHistory
from pmdaemon.engine.journal import Journal
from pmdaemon.engine.log_hub import LogHub
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.tasks import spawn
from pmdaemon.engine.telemetry import Telemetry
from pmdaemon.engine.tokens import Tokens
from pmdaemon.engine.triggers import Triggers
from pmdaemon.engine.web_side import WebSide

log = logging.getLogger(__name__)

DEADLINE = 30.0
"""Seconds that programs have together to end in, where the daemon is asked to end in good order;
what is left then is ended as it always is."""


class Ending:
    """The wish that this daemon end: for good, programs and all, or to make way for the next."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.for_good = True

    def ask(self, *, for_good: bool = True) -> None:
        """Wish for it; the first wish counts."""
        if not self._asked.is_set():
            self.for_good = for_good
            self._asked.set()

    async def wait(self) -> None:
        """Wait until somebody wishes for it."""
        await self._asked.wait()


async def end_in_order(
    processes: Processes, ending: Ending, bus: Bus, *, deadline: float = DEADLINE
) -> None:
    """End all programs while fronts still answer, and then the daemon."""
    bus.publish(EndingBegan(deadline))
    try:
        async with asyncio.timeout(deadline):
            await processes.shut_down()
    except (PmdaemonError, TimeoutError) as error:
        log.error("ending.left_behind reason=%s", str(error) or "deadline")  # noqa: TRY400 - it says it all
    finally:
        ending.ask()


class Engine(Struct, frozen=True):
    """The engine's parts that can be called from outside.

    `environment` is what programs inherit that nobody on this machine starts.
    """

    home: str
    environment: Mapping[str, str]
    clock: Clock
    bus: Bus
    events: EventLog
    processes: Processes
    triggers: Triggers
    history: JobHistory
    journal: Journal
    telemetry: Telemetry
    logs: LogHub
    host: HostMetrics
    web: WebSide
    gateway: GatewaySide
    tokens: Tokens
    audit: AuditLog
    ending: Ending

    def terminate(self) -> None:
        """Begin to end everything; who is asked again goes on with it."""
        if not self.processes.is_ending:
            self.processes.refuse_starts()
            spawn(end_in_order(self.processes, self.ending, self.bus), name="terminate")

"""What fronts see of the engine."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from pmdaemon.core.process import Instant
from pmdaemon.core.rate_limits import RATES, Rates
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.child_access import ChildAccess
from pmdaemon.engine.conversations import Conversations
from pmdaemon.engine.deploy_side import DeploySide
from pmdaemon.engine.event_log import EventLog
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.interfaces import AuditLog, Clock, HostMetrics
from pmdaemon.engine.job_history import JobHistory
from pmdaemon.engine.journal import Journal
from pmdaemon.engine.log_hub import LogHub
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.revoked import Revoked
from pmdaemon.engine.shutdown import Shutdown
from pmdaemon.engine.state_history import StateHistory
from pmdaemon.engine.telemetry import Telemetry
from pmdaemon.engine.tokens import Tokens
from pmdaemon.engine.triggers import Triggers
from pmdaemon.engine.web_side import WebSide

if TYPE_CHECKING:
    from pmdaemon.engine.deployer import Deployer
    from pmdaemon.engine.deployments import Deployments
    from pmdaemon.engine.platform import Platform
    from pmdaemon.engine.pushes import Pushes


class Ending:
    """The wish that this daemon end: for good, programs and all, or to make way for the next."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.for_good = True

    def ask(self, *, for_good: bool = True) -> None:
        """Wish for it; that it end for good outweighs that it make way, whichever comes first."""
        self.for_good = for_good or (self._asked.is_set() and self.for_good)
        self._asked.set()

    async def wait(self) -> None:
        """Wait until somebody wishes for it."""
        await self._asked.wait()


class Engine(Struct, frozen=True):
    """The engine's parts that can be called from outside.

    `environment` is what programs inherit that nobody on this machine starts, `begun` the moment
    at which this daemon began. `rates` are how often one may ask what has limits of its own.
    """

    home: str
    environment: Mapping[str, str]
    begun: Instant
    clock: Clock
    bus: Bus
    events: EventLog
    processes: Processes
    conversations: Conversations
    triggers: Triggers
    history: JobHistory
    journal: Journal
    states: StateHistory
    telemetry: Telemetry
    logs: LogHub
    host: HostMetrics
    web: WebSide
    gateway: GatewaySide
    deploys: DeploySide
    tokens: Tokens
    children: ChildAccess
    revoked: Revoked
    audit: AuditLog
    ending: Ending
    shutdown: Shutdown
    rates: Callable[[], Rates] = lambda: RATES

    @property
    def platform(self) -> "Platform":
        """Accounts and projects; `deploys` is to be loaded before."""
        return self.deploys.parts.platform

    @property
    def deployer(self) -> "Deployer":
        """What deploys; `deploys` is to be loaded before."""
        return self.deploys.parts.deployer

    @property
    def deployments(self) -> "Deployments":
        """What is known of deployments; `deploys` is to be loaded before."""
        return self.deploys.parts.deployments

    @property
    def pushes(self) -> "Pushes":
        """Code that is pushed here; `deploys` is to be loaded before."""
        return self.deploys.parts.pushes

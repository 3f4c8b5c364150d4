"""What fronts see of the engine."""

import asyncio
from dataclasses import dataclass

from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, HostMetrics
from pmdaemon.engine.log_hub import LogHub
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.web_side import WebSide


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine's parts that can be called from outside.

    `quit` is set when somebody asked the daemon to end.
    """

    home: str
    clock: Clock
    bus: Bus
    processes: Processes
    logs: LogHub
    host: HostMetrics
    web: WebSide
    quit: asyncio.Event

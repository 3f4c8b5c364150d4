"""What deploys, with real git, builds and files, and the rest of an engine on fakes."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from pmdaemon.adapters.pidfd import PidfdHandles
from pmdaemon.adapters.proc_table import ProcReader
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.config.paths import Home
from pmdaemon.core.process import Process
from pmdaemon.daemon.deploying import Deploying, World, deploying
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.interfaces import Clock, OutputCapture, Prober, ProcessTrees, TcpProbe
from pmdaemon.engine.platform import Platform
from pmdaemon.engine.processes import Processes


def deploying_below(
    folder: Path,
    *,
    clock: Clock,
    bus: Bus,
    trees: ProcessTrees,
    capture: OutputCapture,
    probe: TcpProbe,
    prober: Prober,
    processes: Processes,
    now: Callable[[], Iterable[Process]],
    gateway: GatewaySide,
    platform: Platform,
) -> Deploying:
    """Build what deploys; its store is to be opened by those who deploy."""
    return deploying(
        World(
            home=Home(str(folder / "home")),
            clock=clock,
            bus=bus,
            store=SqliteStore(folder / "deployments.db"),
            reader=ProcReader(),
            handles=PidfdHandles(ProcReader()),
            trees=trees,
            capture=capture,
            probe=probe,
            prober=prober,
            processes=processes,
            now=now,
            gateway=gateway,
            platform=platform,
            search_path=os.environ.get("PATH", os.defpath),
        )
    )

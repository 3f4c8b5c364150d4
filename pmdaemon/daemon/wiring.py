"""Puts the daemon together: the only place that knows which adapter is which."""

import asyncio
from dataclasses import dataclass

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.host_metrics import PsutilHostMetrics
from pmdaemon.adapters.launcher import PopenLauncher
from pmdaemon.adapters.log_files import LogFiles
from pmdaemon.adapters.metrics import TreeMetrics
from pmdaemon.adapters.process_trees import SystemProcessTrees
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.adapters.tcp_probe import BindProbe
from pmdaemon.config.paths import Home
from pmdaemon.daemon.web_server import LazyWebServer
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.effects import Effects
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.log_hub import LogHub
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.sampler import Sampler
from pmdaemon.engine.supervisor import Supervisor
from pmdaemon.engine.web_side import WebSide


@dataclass(frozen=True, slots=True)
class Parts:
    """The daemon's parts, as `daemon.lifecycle` drives them."""

    engine: Engine
    supervisor: Supervisor
    effects: Effects
    sampler: Sampler
    store: SqliteStore
    trees: SystemProcessTrees


def assemble(home: Home, *, child_nofile: tuple[int, int] | None) -> Parts:
    """Build everything, and start nothing.

    Args:
        child_nofile: the limits on open files that programs are to have, soft and hard; ours may
            have been raised.

    """
    clock = SystemClock()
    bus = Bus()
    store = SqliteStore(home.database)
    capture = LogFiles(home.logs_dir, home.run_dir, clock)
    supervisor = Supervisor(store=store, clock=clock, bus=bus)
    trees = SystemProcessTrees()
    effects = Effects(
        home_id=home.id,
        clock=clock,
        launcher=PopenLauncher(child_nofile=child_nofile),
        trees=trees,
        capture=capture,
        post=supervisor.post,
    )
    sampler = Sampler(
        clock=clock, metrics=TreeMetrics(clock), supervisor=supervisor, post=supervisor.post
    )
    processes = Processes(
        supervisor=supervisor, sampler=sampler, clock=clock, capture=capture, probe=BindProbe()
    )
    web_server = LazyWebServer()
    engine = Engine(
        home=str(home.path),
        clock=clock,
        bus=bus,
        processes=processes,
        logs=LogHub(capture=capture, bus=bus),
        host=PsutilHostMetrics(),
        web=WebSide(server=web_server, store=store),
        quit=asyncio.Event(),
    )
    web_server.serve(engine)
    return Parts(engine, supervisor, effects, sampler, store, trees)

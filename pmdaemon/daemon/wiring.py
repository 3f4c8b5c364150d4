"""Puts the daemon together: the only place that knows which adapter is which."""

from pathlib import Path

from msgspec import Struct

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.host_metrics import SystemHostMetrics
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.adapters.launcher import PopenLauncher
from pmdaemon.adapters.log_files import LogFiles
from pmdaemon.adapters.metrics import TreeMetrics
from pmdaemon.adapters.platforms import process_handles, process_reader
from pmdaemon.adapters.process_table import ProcessTable
from pmdaemon.adapters.process_trees import SystemProcessTrees
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.adapters.tcp_probe import BindingTcpProbe
from pmdaemon.config.paths import Home
from pmdaemon.daemon.web_server import LazyWebServer
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.effects import Effects
from pmdaemon.engine.engine import Ending, Engine
from pmdaemon.engine.event_log import EventLog
from pmdaemon.engine.log_hub import LogHub
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.sampler import Sampler
from pmdaemon.engine.supervisor import Supervisor
from pmdaemon.engine.web_side import WebSide

INIT = 1
"""The pid of the process that orphans are given to where nobody else takes them."""


class Parts(Struct, frozen=True):
    """The daemon's parts, as `daemon.lifecycle` drives them."""

    engine: Engine
    supervisor: Supervisor
    effects: Effects
    sampler: Sampler
    store: SqliteStore
    trees: SystemProcessTrees


def assemble(
    home: Home,
    *,
    child_nofile: tuple[int, int] | None,
    parent: int,
    keeper: KeeperLink,
) -> Parts:
    """Build everything, and start nothing.

    Args:
        child_nofile: the limits on open files that programs are to have, soft and hard, as ours
            may have been raised.
        parent: the pid of our parent, the keeper, which orphans below us are given to.
        keeper: the line to it.

    """
    clock = SystemClock()
    bus = Bus()
    store = SqliteStore(Path(home.database))
    capture = LogFiles(Path(home.logs_dir), Path(home.run_dir), clock, keeper=keeper)
    supervisor = Supervisor(store=store, clock=clock, bus=bus)
    reader = process_reader()
    handles = process_handles(reader)
    table = ProcessTable(reader, clock)
    trees = SystemProcessTrees(
        reader,
        table,
        handles,
        reapers={INIT, parent},
        # As init, our parent takes in orphans of others, too.
        keeper=parent if parent != INIT else None,
        runs=lambda: [one.run.identity for one in supervisor.processes.values() if one.run],
    )
    effects = Effects(
        home_id=home.id,
        clock=clock,
        launcher=PopenLauncher(reader, handles, child_nofile=child_nofile, keeper=keeper),
        trees=trees,
        capture=capture,
        post=supervisor.post,
    )
    sampler = Sampler(
        clock=clock,
        metrics=TreeMetrics(table),
        supervisor=supervisor,
        post=supervisor.post,
        bus=bus,
    )
    processes = Processes(
        supervisor=supervisor,
        sampler=sampler,
        clock=clock,
        capture=capture,
        probe=BindingTcpProbe(),
    )
    web_server = LazyWebServer(keeper)
    engine = Engine(
        home=home.path,
        clock=clock,
        bus=bus,
        events=EventLog(clock=clock, bus=bus),
        processes=processes,
        logs=LogHub(capture=capture, bus=bus),
        host=SystemHostMetrics(clock),
        web=WebSide(server=web_server, store=store),
        ending=Ending(),
    )
    web_server.serve(engine)
    return Parts(engine, supervisor, effects, sampler, store, trees)

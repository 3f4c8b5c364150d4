"""Puts the daemon together: the only place that knows which adapter is which."""

import os
from pathlib import Path

from msgspec import Struct

from pmdaemon import adapters
from pmdaemon.adapters.audit_log import FileAuditLog
from pmdaemon.adapters.clock import SystemClock, local_zone
from pmdaemon.adapters.commands import Commands
from pmdaemon.adapters.file_watch import SystemFileWatch
from pmdaemon.adapters.hook_delivery import SystemHookDelivery
from pmdaemon.adapters.host_metrics import SystemHostMetrics
from pmdaemon.adapters.inputs import FifoInputs
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.adapters.launcher import SpawnLauncher
from pmdaemon.adapters.log_files import LogFiles
from pmdaemon.adapters.metrics import TreeMetrics
from pmdaemon.adapters.node_channels import NodeChannels
from pmdaemon.adapters.notify_socket import DatagramNotifySocket
from pmdaemon.adapters.pid_notes import PidNoteFiles
from pmdaemon.adapters.platforms import process_handles, process_reader
from pmdaemon.adapters.probes import SystemProber
from pmdaemon.adapters.process_table import ProcessTable
from pmdaemon.adapters.process_trees import SystemProcessTrees
from pmdaemon.adapters.revoked_names import RevokedNames
from pmdaemon.adapters.secret_files import HomeSecretFiles
from pmdaemon.adapters.shared_sockets import TcpSharedSockets
from pmdaemon.adapters.sqlite.journal import SqliteJournal
from pmdaemon.adapters.sqlite.runs import SqliteRunHistory
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.adapters.tcp_probe import BindingTcpProbe
from pmdaemon.adapters.tokens import JwtMint
from pmdaemon.config.environment import scrubbed
from pmdaemon.config.paths import Home
from pmdaemon.core.process import Process
from pmdaemon.daemon.gateway_server import LazyGatewayServer
from pmdaemon.daemon.web_server import LazyWebServer
from pmdaemon.engine.admission import Admission
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.child_access import ChildAccess, Folders
from pmdaemon.engine.conversations import Conversations
from pmdaemon.engine.cron_runner import CronRunner
from pmdaemon.engine.dependency_keeper import DependencyKeeper
from pmdaemon.engine.effects import Effects
from pmdaemon.engine.engine import Ending, Engine
from pmdaemon.engine.event_log import EventLog
from pmdaemon.engine.file_watcher import FileWatcher
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.health_monitor import HealthMonitor
from pmdaemon.engine.hook_runner import HookRunner
from pmdaemon.engine.interfaces import Clock, HookDelivery
from pmdaemon.engine.job_history import JobHistory
from pmdaemon.engine.journal import Journal
from pmdaemon.engine.log_hub import LogHub
from pmdaemon.engine.pid_files import PidFiles
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.program_lines import ProgramLines
from pmdaemon.engine.sampler import Sampler
from pmdaemon.engine.shutdown import Shutdown
from pmdaemon.engine.supervisor import Supervisor
from pmdaemon.engine.telemetry import Telemetry
from pmdaemon.engine.time_limits import TimeLimits
from pmdaemon.engine.tokens import Tokens
from pmdaemon.engine.triggers import Triggers
from pmdaemon.engine.web_side import WebSide

NODE_PRELOAD = Path(adapters.__file__).with_name("node_preload.cjs")
"""What Node programs load first whose instances share sockets."""

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
    notify: DatagramNotifySocket


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
        runs=lambda: [one.run.identity for one in supervisor.everything.values() if one.run],
    )
    probe = BindingTcpProbe()
    notify = DatagramNotifySocket(Path(home.notify_socket), reader, keeper)

    def token(process: Process) -> str:
        return f"{home.id}.{process.run_number}"

    web_server = LazyWebServer(keeper)
    web = WebSide(server=web_server, store=store)
    files = HomeSecretFiles(Path(home.path))
    mint = JwtMint(files)
    children = ChildAccess(
        clock=clock,
        mint=mint,
        folders=Folders(home.data_dir, home.temporary_dir),
        url=lambda: web.expected,
        processes=lambda: [*supervisor.everything.values()],
    )
    lines = ProgramLines(
        token=token,
        post=supervisor.post,
        processes=lambda: [*supervisor.everything.values()],
        bus=bus,
        channels=NodeChannels(keeper),
        sockets=TcpSharedSockets(keeper),
        notify=notify,
        inputs=FifoInputs(Path(home.run_dir)),
        access=children.environment,
        preload=str(NODE_PRELOAD),
    )
    launcher = SpawnLauncher(reader, handles, child_nofile=child_nofile, keeper=keeper)
    commands = Commands(reader, handles)
    health = HealthMonitor(
        clock=clock, bus=bus, prober=SystemProber(clock, commands), post=supervisor.post
    )
    gateway_server = LazyGatewayServer(clock, keeper, Path(home.path) / "certificates")
    gateway = GatewaySide(
        server=gateway_server,
        store=store,
        bus=bus,
        clock=clock,
        probe=probe,
        capture=capture,
        processes=lambda: [*supervisor.everything.values()],
    )
    gateway_server.serve(gateway)
    effects = Effects(
        token=token,
        clock=clock,
        launcher=launcher,
        trees=trees,
        capture=capture,
        lines=lines,
        probe=probe,
        await_healthy=health.await_healthy,
        when_idle=gateway.when_idle,
        post=supervisor.post,
    )
    sampler = Sampler(
        clock=clock,
        metrics=TreeMetrics(table),
        supervisor=supervisor,
        post=supervisor.post,
        bus=bus,
    )
    events = EventLog(clock=clock, bus=bus)
    telemetry = Telemetry(bus=bus)
    processes = Processes(
        supervisor=supervisor,
        sampler=sampler,
        clock=clock,
        capture=capture,
        probe=probe,
        admission=Admission(launcher, may_publish=gateway.admit),
        health=health,
        telemetry=telemetry,
        gateway=gateway,
    )
    ending = Ending()
    engine = Engine(
        home=home.path,
        environment=scrubbed(os.environ),
        begun=clock.now(),
        clock=clock,
        bus=bus,
        events=events,
        processes=processes,
        conversations=Conversations(processes=processes, lines=lines, bus=bus),
        triggers=_triggers(
            home=home,
            clock=clock,
            bus=bus,
            supervisor=supervisor,
            health=health,
            delivery=SystemHookDelivery(commands),
            events=events,
        ),
        history=JobHistory(
            clock=clock,
            bus=bus,
            supervisor=supervisor,
            capture=capture,
            history=SqliteRunHistory(store),
        ),
        journal=Journal(clock=clock, bus=bus, store=SqliteJournal(store)),
        telemetry=telemetry,
        logs=LogHub(capture=capture, bus=bus),
        host=SystemHostMetrics(clock),
        web=web,
        tokens=Tokens(store=store, clock=clock, mint=mint, files=files),
        children=children,
        revocations=RevokedNames(home.settings),
        gateway=gateway,
        audit=FileAuditLog(Path(home.audit_log)),
        ending=ending,
        shutdown=Shutdown(processes=processes, bus=bus, end=ending.ask),
    )
    web_server.serve(engine)
    return Parts(engine, supervisor, effects, sampler, store, trees, notify)


def _triggers(
    *,
    home: Home,
    clock: Clock,
    bus: Bus,
    supervisor: Supervisor,
    health: HealthMonitor,
    delivery: HookDelivery,
    events: EventLog,
) -> Triggers:
    """Build all that acts by itself."""
    return Triggers(
        supervisor=supervisor,
        health=health,
        dependencies=DependencyKeeper(
            bus=bus, supervisor=supervisor, health_of=health.all, post=supervisor.post
        ),
        cron=CronRunner(
            clock=clock, bus=bus, supervisor=supervisor, post=supervisor.post, zone=local_zone
        ),
        time_limits=TimeLimits(clock=clock, bus=bus, supervisor=supervisor, post=supervisor.post),
        files=FileWatcher(
            clock=clock,
            bus=bus,
            supervisor=supervisor,
            files=SystemFileWatch(clock, never=(home.path,)),
            post=supervisor.post,
        ),
        hooks=HookRunner(
            clock=clock,
            bus=bus,
            delivery=delivery,
            life=events.life,
            home=home.path,
            environment={"PATH": os.environ.get("PATH", os.defpath)},
        ),
        pid_files=PidFiles(bus=bus, notes=PidNoteFiles()),
    )

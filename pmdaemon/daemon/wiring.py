"""Puts the daemon together: the only place that knows which adapter is which."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from pmdaemon.adapters.live_settings import LiveSettings
from pmdaemon.adapters.log_files import LogFiles
from pmdaemon.adapters.metrics import TreeMetrics
from pmdaemon.adapters.node_channels import NodeChannels
from pmdaemon.adapters.notify_socket import DatagramNotifySocket
from pmdaemon.adapters.pid_notes import PidNoteFiles
from pmdaemon.adapters.platforms import process_handles, process_reader
from pmdaemon.adapters.probes import SystemProber
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader, ProcessTable
from pmdaemon.adapters.process_trees import SystemProcessTrees
from pmdaemon.adapters.secret_files import HomeSecretFiles
from pmdaemon.adapters.shared_sockets import TcpSharedSockets
from pmdaemon.adapters.sqlite.journal import SqliteJournal
from pmdaemon.adapters.sqlite.runs import SqliteRunHistory
from pmdaemon.adapters.sqlite.states import SqliteStates
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.adapters.tcp_probe import BindingTcpProbe
from pmdaemon.adapters.tokens import JwtMint
from pmdaemon.adapters.walls import Walls
from pmdaemon.config.environment import scrubbed
from pmdaemon.config.paths import Home
from pmdaemon.core.process import Identity, Process
from pmdaemon.daemon.certificates import LazyCertificates
from pmdaemon.daemon.gateway_server import LazyGatewayServer
from pmdaemon.daemon.web_server import LazyWebServer
from pmdaemon.engine.admission import Admission
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.child_access import ChildAccess, Folders
from pmdaemon.engine.conversations import Conversations
from pmdaemon.engine.cron_runner import CronRunner
from pmdaemon.engine.dependency_keeper import DependencyKeeper
from pmdaemon.engine.deploy_side import Deploys, DeploySide
from pmdaemon.engine.effects import Effects
from pmdaemon.engine.engine import Ending, Engine
from pmdaemon.engine.event_log import EventLog
from pmdaemon.engine.file_watcher import FileWatcher
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.health_monitor import HealthMonitor
from pmdaemon.engine.hook_runner import HookRunner
from pmdaemon.engine.job_history import JobHistory
from pmdaemon.engine.journal import Journal
from pmdaemon.engine.log_hub import LogHub
from pmdaemon.engine.pid_files import PidFiles
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.program_lines import ProgramLines
from pmdaemon.engine.revoked import Revoked
from pmdaemon.engine.sampler import Sampler
from pmdaemon.engine.shutdown import Shutdown
from pmdaemon.engine.state_history import StateHistory
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


class _Ground(Struct, frozen=True):
    """What most parts stand on."""

    home: Home
    keeper: KeeperLink
    clock: SystemClock
    bus: Bus
    store: SqliteStore
    supervisor: Supervisor
    capture: LogFiles
    reader: ProcessReader
    handles: ProcessHandles
    table: ProcessTable
    commands: Commands
    probe: BindingTcpProbe

    def processes(self) -> Sequence[Process]:
        return [*self.supervisor.everything.values()]

    def token(self, process: Process) -> str:
        """Name a run, as this home does."""
        return f"{self.home.id}.{process.run_number}"


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
    ground = _ground(home, keeper)
    supervisor = ground.supervisor

    # Deployments stand on what they give something to.
    def build_deploys() -> Deploys:
        from pmdaemon.daemon.deploying import World, deploying  # noqa: PLC0415 - see DeploySide

        return deploying(
            World(
                home=home,
                clock=ground.clock,
                bus=ground.bus,
                store=ground.store,
                reader=ground.reader,
                handles=ground.handles,
                trees=trees,
                capture=ground.capture,
                probe=ground.probe,
                prober=prober,
                processes=processes,
                now=lambda: [*supervisor.processes.values()],
                gateway=gateway,
                files=files,
                settings=settings,
                search_path=os.environ.get("PATH", os.defpath),
                token=ground.token,
                walls=walls,
            )
        )

    deploys = DeploySide(build_deploys)

    def environment(process: Process) -> Mapping[str, str]:
        return {**children.environment(process), **deploys.environment(process)}

    trees = _trees(ground, parent, builds=deploys.builds)
    notify = DatagramNotifySocket(Path(home.notify_socket), ground.reader, keeper)
    walls = Walls(Path(home.path))
    launcher = SpawnLauncher(
        ground.reader, ground.handles, child_nofile=child_nofile, keeper=keeper, walls=walls
    )
    files = HomeSecretFiles(Path(home.path))
    mint = JwtMint(files)
    web_server = LazyWebServer(keeper)
    web = WebSide(server=web_server, store=ground.store)
    children = ChildAccess(
        clock=ground.clock,
        mint=mint,
        folders=Folders(home.data_dir, home.temporary_dir),
        url=lambda: web.expected,
        processes=ground.processes,
    )
    lines = _lines(ground, notify, environment, deploys.doors)
    prober = SystemProber(ground.clock, ground.commands)
    health = HealthMonitor(clock=ground.clock, bus=ground.bus, prober=prober, post=supervisor.post)
    gateway = _gateway(ground)
    effects = Effects(
        token=ground.token,
        clock=ground.clock,
        launcher=launcher,
        trees=trees,
        capture=ground.capture,
        lines=lines,
        probe=ground.probe,
        await_healthy=health.await_healthy,
        when_idle=gateway.when_idle,
        post=supervisor.post,
    )
    sampler = Sampler(
        clock=ground.clock,
        metrics=TreeMetrics(ground.table),
        supervisor=supervisor,
        post=supervisor.post,
        bus=ground.bus,
    )
    events = EventLog(clock=ground.clock, bus=ground.bus)
    telemetry = Telemetry(bus=ground.bus)
    processes = Processes(
        supervisor=supervisor,
        sampler=sampler,
        clock=ground.clock,
        capture=ground.capture,
        probe=ground.probe,
        admission=Admission(launcher, may_publish=gateway.admit),
        health=health,
        telemetry=telemetry,
        gateway=gateway,
    )
    ending = Ending()
    settings = LiveSettings(home.settings)
    engine = Engine(
        home=home.path,
        environment=scrubbed(os.environ),
        begun=ground.clock.now(),
        clock=ground.clock,
        bus=ground.bus,
        events=events,
        processes=processes,
        conversations=Conversations(processes=processes, lines=lines, bus=ground.bus),
        triggers=_triggers(ground, health, events),
        history=_history(ground),
        journal=Journal(clock=ground.clock, bus=ground.bus, store=SqliteJournal(ground.store)),
        states=StateHistory(clock=ground.clock, bus=ground.bus, store=SqliteStates(ground.store)),
        telemetry=telemetry,
        logs=LogHub(capture=ground.capture, bus=ground.bus),
        host=SystemHostMetrics(ground.clock),
        web=web,
        tokens=Tokens(
            store=ground.store, clock=ground.clock, mint=mint, files=files, bus=ground.bus
        ),
        children=children,
        revoked=Revoked(settings=settings, bus=ground.bus),
        gateway=gateway,
        deploys=deploys,
        audit=FileAuditLog(Path(home.audit_log)),
        ending=ending,
        shutdown=Shutdown(processes=processes, bus=ground.bus, end=ending.ask),
        rates=settings.rates,
    )
    web_server.serve(engine)
    return Parts(engine, supervisor, effects, sampler, ground.store, trees, notify)


def _ground(home: Home, keeper: KeeperLink) -> _Ground:
    clock = SystemClock()
    bus = Bus()
    store = SqliteStore(Path(home.database))
    reader = process_reader()
    handles = process_handles(reader)
    return _Ground(
        home=home,
        keeper=keeper,
        clock=clock,
        bus=bus,
        store=store,
        supervisor=Supervisor(store=store, clock=clock, bus=bus),
        capture=LogFiles(Path(home.logs_dir), Path(home.run_dir), clock, keeper=keeper),
        reader=reader,
        handles=handles,
        table=ProcessTable(reader, clock),
        commands=Commands(reader, handles),
        probe=BindingTcpProbe(),
    )


def _trees(
    ground: _Ground, parent: int, *, builds: Callable[[], Iterable[Identity]]
) -> SystemProcessTrees:
    return SystemProcessTrees(
        ground.reader,
        ground.table,
        ground.handles,
        reapers={INIT, parent},
        # As init, our parent takes in orphans of others, too.
        keeper=parent if parent != INIT else None,
        runs=lambda: [
            *(one.run.identity for one in ground.processes() if one.run),
            *builds(),
        ],
    )


def _lines(
    ground: _Ground,
    notify: DatagramNotifySocket,
    access: Callable[[Process], Mapping[str, str]],
    doors: Callable[[Process], tuple[str, ...] | None],
) -> ProgramLines:
    return ProgramLines(
        token=ground.token,
        post=ground.supervisor.post,
        processes=ground.processes,
        bus=ground.bus,
        channels=NodeChannels(ground.keeper),
        sockets=TcpSharedSockets(ground.keeper),
        notify=notify,
        inputs=FifoInputs(Path(ground.home.run_dir)),
        access=access,
        preload=str(NODE_PRELOAD),
        doors=doors,
    )


def _history(ground: _Ground) -> JobHistory:
    return JobHistory(
        clock=ground.clock,
        bus=ground.bus,
        supervisor=ground.supervisor,
        capture=ground.capture,
        history=SqliteRunHistory(ground.store),
    )


def _gateway(ground: _Ground) -> GatewaySide:
    def known(host: str) -> bool:
        return gateway.table.knows(host)

    folder = Path(ground.home.path) / "certificates"
    certificates = LazyCertificates(folder, ground.clock, known)
    server = LazyGatewayServer(ground.keeper, certificates)
    gateway = GatewaySide(
        server=server,
        certificates=certificates,
        store=ground.store,
        bus=ground.bus,
        clock=ground.clock,
        probe=ground.probe,
        capture=ground.capture,
        processes=ground.processes,
    )
    server.serve(gateway)
    return gateway


def _triggers(ground: _Ground, health: HealthMonitor, events: EventLog) -> Triggers:
    """Build all that acts by itself."""
    clock = ground.clock
    bus = ground.bus
    supervisor = ground.supervisor
    return Triggers(
        supervisor=supervisor,
        health=health,
        dependencies=DependencyKeeper(
            bus=bus, supervisor=supervisor, health_of=health.all, post=supervisor.post
        ),
        cron=CronRunner(
            clock=clock, bus=bus, supervisor=supervisor, post=supervisor.post, zone=local_zone
        ),
        time_limits=TimeLimits(
            clock=clock, bus=bus, supervisor=supervisor, post=supervisor.post, zone=local_zone
        ),
        files=FileWatcher(
            clock=clock,
            bus=bus,
            supervisor=supervisor,
            files=SystemFileWatch(clock, never=(ground.home.path,)),
            post=supervisor.post,
        ),
        hooks=HookRunner(
            clock=clock,
            bus=bus,
            delivery=SystemHookDelivery(ground.commands),
            life=events.life,
            home=ground.home.path,
            environment={"PATH": os.environ.get("PATH", os.defpath)},
        ),
        pid_files=PidFiles(bus=bus, notes=PidNoteFiles()),
    )

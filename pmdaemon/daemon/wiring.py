"""Puts the daemon together: with `ground` and `deploying`, what knows which adapter is which."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from pmdaemon import adapters
from pmdaemon.adapters.audit_log import FileAuditLog
from pmdaemon.adapters.clock import local_zone
from pmdaemon.adapters.control_groups import ControlGroups
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
from pmdaemon.adapters.process_trees import SystemProcessTrees
from pmdaemon.adapters.program_listeners import ProgramListeners
from pmdaemon.adapters.shared_sockets import TcpSharedSockets
from pmdaemon.adapters.sqlite.journal import SqliteJournal
from pmdaemon.adapters.sqlite.runs import SqliteRunHistory
from pmdaemon.adapters.sqlite.states import SqliteStates
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.config.environment import scrubbed
from pmdaemon.config.paths import Home
from pmdaemon.config.surroundings import surroundings
from pmdaemon.core.process import Identity, Process
from pmdaemon.daemon.certificates import LazyCertificates
from pmdaemon.daemon.gateway_server import LazyGatewayServer
from pmdaemon.daemon.ground import Ground, lay
from pmdaemon.daemon.web_server import LazyWebServer
from pmdaemon.engine.admission import Admission
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
from pmdaemon.engine.snapshots import SnapshotMaker
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
    capture: LogFiles
    trees: SystemProcessTrees
    groups: ControlGroups
    notify: DatagramNotifySocket


class _Works(Struct, frozen=True):
    """What has things done to programs."""

    trees: SystemProcessTrees
    groups: ControlGroups
    notify: DatagramNotifySocket
    lines: ProgramLines
    health: HealthMonitor
    gateway: GatewaySide
    effects: Effects
    sampler: Sampler
    telemetry: Telemetry
    processes: Processes


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
    ground = lay(home, keeper)
    web_server = LazyWebServer(keeper)
    web = WebSide(server=web_server, store=ground.store)
    children = ChildAccess(
        clock=ground.clock,
        mint=ground.mint,
        folders=Folders(home.data_dir, home.temporary_dir),
        url=lambda: web.expected,
        processes=ground.processes,
    )
    # What deploys stands on the works, which ask it for what programs of projects get.
    deploys = DeploySide(lambda: _deploys(ground, works))
    launcher = SpawnLauncher(
        ground.reader,
        ground.handles,
        child_nofile=child_nofile,
        keeper=keeper,
        walls=ground.walls,
    )
    works = _works(ground, parent, launcher, children, deploys)
    engine = _engine(ground, works, web, children, deploys)
    web_server.serve(engine)
    return Parts(
        engine=engine,
        supervisor=ground.supervisor,
        effects=works.effects,
        sampler=works.sampler,
        store=ground.store,
        capture=ground.capture,
        trees=works.trees,
        groups=works.groups,
        notify=works.notify,
    )


def _works(
    ground: Ground,
    parent: int,
    launcher: SpawnLauncher,
    children: ChildAccess,
    deploys: DeploySide,
) -> _Works:
    """Build what has things done to programs."""

    def environment(process: Process) -> Mapping[str, str]:
        return {**children.environment(process), **deploys.environment(process)}

    clock, bus, supervisor = ground.clock, ground.bus, ground.supervisor
    groups, trees = _trees(ground, parent, builds=deploys.builds)
    notify = DatagramNotifySocket(Path(ground.home.notify_socket), ground.reader, ground.keeper)
    lines = _lines(ground, notify, environment, deploys.visible_folders)
    health = HealthMonitor(clock=clock, bus=bus, prober=ground.prober, post=supervisor.post)
    gateway = _gateway(ground)
    effects = Effects(
        token=ground.token,
        clock=clock,
        launcher=launcher,
        trees=trees,
        capture=ground.capture,
        lines=lines,
        probe=ground.probe,
        await_healthy=health.await_healthy,
        when_idle=gateway.when_idle,
        post=supervisor.post,
    )
    sampler = _sampler(ground, trees)
    telemetry = Telemetry(bus=bus)
    processes = Processes(
        supervisor=supervisor,
        snapshots=SnapshotMaker(
            supervisor=supervisor,
            sampler=sampler,
            clock=clock,
            capture=ground.capture,
            health=health,
            telemetry=telemetry,
        ),
        clock=clock,
        capture=ground.capture,
        probe=ground.probe,
        admission=Admission(launcher, may_publish=gateway.admit),
        gateway=gateway,
    )
    return _Works(
        trees=trees,
        groups=groups,
        notify=notify,
        lines=lines,
        health=health,
        gateway=gateway,
        effects=effects,
        sampler=sampler,
        telemetry=telemetry,
        processes=processes,
    )


def _engine(
    ground: Ground, works: _Works, web: WebSide, children: ChildAccess, deploys: DeploySide
) -> Engine:
    """Bundle what fronts see."""
    clock, bus, store = ground.clock, ground.bus, ground.store
    events = EventLog(clock=clock, bus=bus)
    ending = Ending()
    return Engine(
        home=ground.home.path,
        environment=scrubbed(os.environ),
        begun=clock.now(),
        clock=clock,
        bus=bus,
        events=events,
        processes=works.processes,
        conversations=Conversations(processes=works.processes, lines=works.lines, bus=bus),
        triggers=_triggers(ground, works.health, events),
        history=JobHistory(
            clock=clock,
            bus=bus,
            supervisor=ground.supervisor,
            capture=ground.capture,
            history=SqliteRunHistory(store),
        ),
        journal=Journal(clock=clock, bus=bus, store=SqliteJournal(store)),
        states=StateHistory(clock=clock, bus=bus, store=SqliteStates(store)),
        telemetry=works.telemetry,
        logs=LogHub(capture=ground.capture, bus=bus),
        host=SystemHostMetrics(clock),
        web=web,
        tokens=Tokens(store=store, clock=clock, mint=ground.mint, files=ground.files, bus=bus),
        children=children,
        revoked=Revoked(settings=ground.settings, bus=bus),
        gateway=works.gateway,
        deploys=deploys,
        audit=FileAuditLog(Path(ground.home.audit_log)),
        ending=ending,
        shutdown=Shutdown(processes=works.processes, bus=bus, end=ending.ask),
        rates=ground.settings.rates,
    )


def _deploys(ground: Ground, works: _Works) -> Deploys:
    """Build what deploys."""
    from pmdaemon.daemon.deploying import World, deploying  # noqa: PLC0415 - see DeploySide

    return deploying(
        World(
            home=ground.home,
            clock=ground.clock,
            bus=ground.bus,
            store=ground.store,
            reader=ground.reader,
            handles=ground.handles,
            trees=works.trees,
            capture=ground.capture,
            probe=ground.probe,
            prober=ground.prober,
            processes=works.processes,
            now=lambda: [*ground.supervisor.processes.values()],
            gateway=works.gateway,
            files=ground.files,
            settings=ground.settings,
            surroundings=surroundings(os.environ),
            token=ground.token,
            walls=ground.walls,
        )
    )


def _trees(
    ground: Ground, parent: int, *, builds: Callable[[], Iterable[Identity]]
) -> tuple[ControlGroups, SystemProcessTrees]:
    # As init, our parent takes in orphans of others, too.
    keeper = parent if parent != INIT else None
    groups = ControlGroups(ground.home_id, ground.reader, keeper=keeper)
    trees = SystemProcessTrees(
        ground.reader,
        ground.table,
        ground.handles,
        reapers={INIT, parent},
        keeper=keeper,
        groups=groups,
        runs=lambda: [
            *(one.run.identity for one in ground.processes() if one.run),
            *builds(),
        ],
    )
    return groups, trees


def _sampler(ground: Ground, trees: SystemProcessTrees) -> Sampler:
    return Sampler(
        clock=ground.clock,
        metrics=TreeMetrics(ground.table, orphans=trees.held_orphans),
        supervisor=ground.supervisor,
        post=ground.supervisor.post,
        bus=ground.bus,
    )


def _lines(
    ground: Ground,
    notify: DatagramNotifySocket,
    access: Callable[[Process], Mapping[str, str]],
    visible_folders: Callable[[Process], tuple[str, ...] | None],
) -> ProgramLines:
    return ProgramLines(
        token=ground.token,
        post=ground.supervisor.post,
        processes=ground.processes,
        bus=ground.bus,
        channels=NodeChannels(ground.keeper),
        sockets=TcpSharedSockets(
            ground.keeper, left=ProgramListeners(ground.reader, ground.runs_of).copy
        ),
        notify=notify,
        inputs=FifoInputs(Path(ground.home.run_dir)),
        access=access,
        preload=str(NODE_PRELOAD),
        visible_folders=visible_folders,
    )


def _gateway(ground: Ground) -> GatewaySide:
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


def _triggers(ground: Ground, health: HealthMonitor, events: EventLog) -> Triggers:
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

"""Puts together what deploys."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from pmdaemon.adapters.build_commands import BuildCommands
from pmdaemon.adapters.deployment_logs import DeploymentLogFiles
from pmdaemon.adapters.domain_proofs import NetworkDomainProver
from pmdaemon.adapters.git import GitRepositories
from pmdaemon.adapters.git_http import GitBackend
from pmdaemon.adapters.ids import random_id
from pmdaemon.adapters.listening_ports import ProcListeningPorts
from pmdaemon.adapters.live_settings import LiveSettings
from pmdaemon.adapters.passwords import Argon2Hasher
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.adapters.release_folders import ProjectFolders
from pmdaemon.adapters.sealing import AesGcmSealer
from pmdaemon.adapters.secret_files import HomeSecretFiles
from pmdaemon.adapters.sqlite.deployments import SqliteDeployments
from pmdaemon.adapters.sqlite.platform import SqlitePlatformStore
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.adapters.tokens import SESSION_SECRETS_FILE, JwtMint
from pmdaemon.adapters.walls import Walls
from pmdaemon.config.paths import Home
from pmdaemon.core.accounts import OPERATOR, Role
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.process import Process
from pmdaemon.core.projects import Project
from pmdaemon.core.quantities import format_size
from pmdaemon.engine.accounts import Accounts
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.cut_over import CutOver
from pmdaemon.engine.deploy_queue import DeployQueue
from pmdaemon.engine.deploy_side import Deploys
from pmdaemon.engine.deployer import Deployer
from pmdaemon.engine.deployment_log import Followers
from pmdaemon.engine.deployments import Deployments
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.interfaces import Clock, OutputCapture, Prober, ProcessTrees, TcpProbe
from pmdaemon.engine.interrupted import Interrupted
from pmdaemon.engine.live_deployments import LiveDeployments
from pmdaemon.engine.platform import Platform
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.project_domains import ProjectDomains
from pmdaemon.engine.project_variables import ProjectVariables
from pmdaemon.engine.projects import Projects
from pmdaemon.engine.pushes import Pushes
from pmdaemon.engine.release_making import ReleaseMaker
from pmdaemon.engine.webhooks import Webhooks


class World(Struct, frozen=True):
    """What there is already that deploying needs."""

    home: Home
    clock: Clock
    bus: Bus
    store: SqliteStore
    reader: ProcessReader
    handles: ProcessHandles
    trees: ProcessTrees
    capture: OutputCapture
    probe: TcpProbe
    prober: Prober
    processes: Processes
    now: Callable[[], Iterable[Process]]
    gateway: GatewaySide
    files: HomeSecretFiles
    settings: LiveSettings
    surroundings: Mapping[str, str]
    token: Callable[[Process], str]
    walls: Walls


def deploying(world: World) -> Deploys:
    """Build what deploys, and start nothing."""
    platform, listening_ports = _platform(world), ProcListeningPorts()
    clock, store = world.clock, SqliteDeployments(world.store)
    projects, limits = platform.projects, world.settings.deploy_limits
    folder = Path(world.home.projects_dir)
    folders = ProjectFolders(folder, Path(world.home.logs_dir))
    logs, followers = DeploymentLogFiles(folder), Followers()
    builder = BuildCommands(
        reader=world.reader,
        handles=world.handles,
        trees=world.trees,
        token=lambda name: f"{world.home.id}.{name}",
        walls=world.walls,
        objection=lambda: _objection(folders.free_bytes(), limits().free),
    )
    repositories = GitRepositories(folder, builder, world.surroundings, limits)
    live = LiveDeployments(
        clock=clock,
        bus=world.bus,
        store=store,
        projects=projects,
        now=world.now,
        tell=lambda deployment: followers.tell(deployment.id),
    )
    maker = ReleaseMaker(
        clock=clock,
        projects=projects,
        store=store,
        repositories=repositories,
        folders=folders,
        builder=builder,
        surroundings=world.surroundings,
    )
    cut_over = CutOver(
        clock=clock,
        bus=world.bus,
        projects=projects,
        processes=world.processes,
        now=world.now,
        gateway=world.gateway,
        capture=world.capture,
        probe=world.probe,
        prober=world.prober,
        environment=maker.environment,
        ports=lambda process: _ports(world, listening_ports, process),
    )
    queue = DeployQueue(
        clock=clock,
        projects=projects,
        store=store,
        logs=logs,
        followers=followers,
        folders=folders,
        maker=maker,
        cut_over=cut_over,
        live=live,
        limits=limits,
        remark=world.settings.problem,
        trusts=lambda project: _is_trusted(platform, project),
        tell=lambda deployment: followers.tell(deployment.id),
    )
    deployments = Deployments(
        store=store,
        logs=logs,
        followers=followers,
        folders=folders,
        queue=queue,
        live=live,
        now=world.now,
    )
    deployer = Deployer(
        clock=clock,
        projects=projects,
        store=store,
        logs=logs,
        folders=folders,
        deployments=deployments,
        queue=queue,
        live=live,
        cut_over=cut_over,
        new_id=random_id,
    )
    interrupted = Interrupted(
        clock=clock,
        projects=projects,
        store=store,
        followers=followers,
        folders=folders,
        builder=builder,
        queue=queue,
        live=live,
        cut_over=cut_over,
        now=world.now,
    )
    projects.follow(deployer)
    backend = GitBackend(repositories, world.surroundings["PATH"], lambda: limits().repository)
    return Deploys(
        platform=platform,
        deployer=deployer,
        deployments=deployments,
        interrupted=interrupted,
        pushes=Pushes(clock=clock, server=backend, deployer=deployer, deployments=deployments),
        live=live,
        builds=lambda: builder.running,
    )


def _platform(world: World) -> Platform:
    """Build accounts and projects."""
    clock, gateway, files = world.clock, world.gateway, world.files
    store = SqlitePlatformStore(world.store)
    mint = JwtMint(files, algorithm="HS256", secrets_file=SESSION_SECRETS_FILE)
    sealer = AesGcmSealer(files)
    projects = Projects(
        store=store,
        clock=clock,
        variables=ProjectVariables(store=store, clock=clock, sealer=sealer, new_id=random_id),
        domains=ProjectDomains(
            store=store,
            clock=clock,
            mint=mint,
            prover=NetworkDomainProver(),
            reserved=gateway.own_names,
            routed=gateway.routed_hosts,
            new_id=random_id,
        ),
        occupied=lambda: {*gateway.services, *(p.name for p in world.now())},
        new_id=random_id,
        usual_keep=lambda: world.settings.deploy_limits().keep,
    )
    accounts = Accounts(
        store=store,
        clock=clock,
        mint=mint,
        hasher=Argon2Hasher(),
        rules=world.settings.account_rules,
        new_id=random_id,
        bus=world.bus,
    )
    webhooks = Webhooks(
        store=store, clock=clock, mint=mint, sealer=sealer, projects=projects, new_id=random_id
    )
    return Platform(accounts, projects, webhooks, store, sealer)


def _ports(
    world: World, listening_ports: ProcListeningPorts, process: Process
) -> Collection[int] | None:
    """List the ports that a program itself listens on; None when nobody can tell."""
    if process.run is None:
        return ()
    return listening_ports.of(world.trees.members(process.run.identity, world.token(process)))


def _is_trusted(platform: Platform, project: Project) -> bool:
    """Tell whether who owns a project may have the machine's own files fetched."""
    if project.user_id == OPERATOR:
        return True
    try:
        return platform.accounts.get(project.user_id).role is Role.ADMIN
    except PmdaemonError:
        return False


def _objection(free: int, wanted: int) -> str | None:
    return f"the disk is nearly full: {format_size(free)} are left" if free < wanted else None

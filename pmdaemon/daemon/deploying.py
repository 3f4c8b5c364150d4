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


class _Ground(Struct, frozen=True):
    """What the parts of deploying stand on."""

    clock: Clock
    platform: Platform
    store: SqliteDeployments
    logs: DeploymentLogFiles
    followers: Followers
    folders: ProjectFolders
    builder: BuildCommands
    repositories: GitRepositories
    live: LiveDeployments

    @property
    def projects(self) -> Projects:
        """All projects."""
        return self.platform.projects


def deploying(world: World) -> Deploys:
    """Build what deploys, and start nothing."""
    ground = _ground(world)
    maker = ReleaseMaker(
        clock=ground.clock,
        projects=ground.projects,
        store=ground.store,
        repositories=ground.repositories,
        folders=ground.folders,
        builder=ground.builder,
        surroundings=world.surroundings,
    )
    cut_over = _cut_over(world, ground, maker)
    queue = DeployQueue(
        clock=ground.clock,
        projects=ground.projects,
        store=ground.store,
        logs=ground.logs,
        followers=ground.followers,
        folders=ground.folders,
        maker=maker,
        cut_over=cut_over,
        live=ground.live,
        limits=world.settings.deploy_limits,
        remark=world.settings.problem,
        trusts=lambda project: _is_trusted(ground.platform, project),
        tell=lambda deployment: ground.followers.tell(deployment.id),
    )
    return _deploys(world, ground, queue, cut_over)


def _ground(world: World) -> _Ground:
    platform, store = _platform(world), SqliteDeployments(world.store)
    limits, followers = world.settings.deploy_limits, Followers()
    folder = Path(world.home.projects_dir)
    folders = ProjectFolders(folder, Path(world.home.logs_dir))
    builder = BuildCommands(
        reader=world.reader,
        handles=world.handles,
        trees=world.trees,
        token=lambda name: f"{world.home.id}.{name}",
        walls=world.walls,
        objection=lambda: _objection(folders.free_bytes(), limits().free),
    )
    return _Ground(
        clock=world.clock,
        platform=platform,
        store=store,
        logs=DeploymentLogFiles(folder),
        followers=followers,
        folders=folders,
        builder=builder,
        repositories=GitRepositories(folder, builder, world.surroundings, limits),
        live=LiveDeployments(
            clock=world.clock,
            bus=world.bus,
            store=store,
            projects=platform.projects,
            now=world.now,
            tell=lambda deployment: followers.tell(deployment.id),
        ),
    )


def _cut_over(world: World, ground: _Ground, maker: ReleaseMaker) -> CutOver:
    listening_ports = ProcListeningPorts()
    return CutOver(
        clock=ground.clock,
        bus=world.bus,
        projects=ground.projects,
        processes=world.processes,
        now=world.now,
        gateway=world.gateway,
        capture=world.capture,
        probe=world.probe,
        prober=world.prober,
        environment=maker.environment,
        ports=lambda process: _ports(world, listening_ports, process),
    )


def _deploys(world: World, ground: _Ground, queue: DeployQueue, cut_over: CutOver) -> Deploys:
    """Build what fronts and the daemon call."""
    limits, search_path = world.settings.deploy_limits, world.surroundings["PATH"]
    deployments = Deployments(
        store=ground.store,
        logs=ground.logs,
        followers=ground.followers,
        folders=ground.folders,
        queue=queue,
        live=ground.live,
        now=world.now,
    )
    deployer = Deployer(
        clock=ground.clock,
        projects=ground.projects,
        store=ground.store,
        logs=ground.logs,
        folders=ground.folders,
        deployments=deployments,
        queue=queue,
        live=ground.live,
        cut_over=cut_over,
        new_id=random_id,
    )
    ground.projects.follow(deployer)
    backend = GitBackend(ground.repositories, search_path, lambda: limits().repository)
    return Deploys(
        platform=ground.platform,
        deployer=deployer,
        deployments=deployments,
        interrupted=_interrupted(world, ground, queue, cut_over),
        pushes=Pushes(
            clock=ground.clock, server=backend, deployer=deployer, deployments=deployments
        ),
        live=ground.live,
        builds=lambda: ground.builder.running,
    )


def _interrupted(
    world: World, ground: _Ground, queue: DeployQueue, cut_over: CutOver
) -> Interrupted:
    return Interrupted(
        clock=ground.clock,
        projects=ground.projects,
        store=ground.store,
        followers=ground.followers,
        folders=ground.folders,
        builder=ground.builder,
        queue=queue,
        live=ground.live,
        cut_over=cut_over,
        now=world.now,
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

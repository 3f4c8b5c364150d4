"""Puts together what deploys."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from msgspec import Struct

from pmdaemon.adapters.build_commands import BuildCommands
from pmdaemon.adapters.deployment_logs import DeploymentLogFiles
from pmdaemon.adapters.git import GitRepositories
from pmdaemon.adapters.git_http import GitBackend
from pmdaemon.adapters.ids import random_id
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader
from pmdaemon.adapters.release_folders import ProjectFolders
from pmdaemon.adapters.sqlite.deployments import SqliteDeployments
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.adapters.walls import Walls
from pmdaemon.config.paths import Home
from pmdaemon.core.accounts import OPERATOR, Role
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.process import Process
from pmdaemon.core.projects import Project
from pmdaemon.core.quantities import format_size
from pmdaemon.engine.attempt import DeployLimits
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.cut_over import CutOver
from pmdaemon.engine.deploy_queue import DeployQueue
from pmdaemon.engine.deployer import Deployer
from pmdaemon.engine.deployment_log import Followers
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.interfaces import Clock, OutputCapture, Prober, ProcessTrees, TcpProbe
from pmdaemon.engine.live_deployments import LiveDeployments
from pmdaemon.engine.platform import Platform
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.pushes import Pushes
from pmdaemon.engine.release_making import ReleaseMaker


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
    platform: Platform
    search_path: str
    ports: Callable[[Process], Collection[int] | None]
    walls: Walls


class Deploying(Struct, frozen=True):
    """What deploys: the verbs, and the parts that others have to do with."""

    deployer: Deployer
    live: LiveDeployments
    pushes: Pushes
    builder: BuildCommands


def deploying(world: World) -> Deploying:
    """Build what deploys."""
    clock, store = world.clock, SqliteDeployments(world.store)
    projects, limits = world.platform.projects, DeployLimits()
    folder = Path(world.home.projects_dir)
    folders = ProjectFolders(folder, Path(world.home.logs_dir))
    logs, followers = DeploymentLogFiles(folder), Followers()
    builder = BuildCommands(
        reader=world.reader,
        handles=world.handles,
        trees=world.trees,
        token=lambda name: f"{world.home.id}.{name}",
        walls=world.walls,
        objection=lambda: _objection(folders.free_bytes(), limits.free),
    )
    repositories = GitRepositories(folder, builder, world.search_path)
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
        limits=limits,
        search_path=world.search_path,
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
        limits=limits,
        environment=maker.environment,
        ports=world.ports,
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
        trusts=lambda project: _is_trusted(world.platform, project),
        tell=lambda deployment: followers.tell(deployment.id),
    )
    deployer = Deployer(
        clock=clock,
        projects=projects,
        store=store,
        logs=logs,
        followers=followers,
        folders=folders,
        builder=builder,
        queue=queue,
        live=live,
        cut_over=cut_over,
        new_id=random_id,
        now=world.now,
    )
    projects.follow(deployer)
    backend = GitBackend(repositories, world.search_path)
    return Deploying(deployer, live, Pushes(server=backend, deployer=deployer), builder)


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

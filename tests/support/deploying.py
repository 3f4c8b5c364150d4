"""What deploys, on fakes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pmdaemon.core.accounts import OPERATOR
from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.core.deployments import Deployment
from pmdaemon.core.projects import Project
from pmdaemon.engine.cut_over import CutOver
from pmdaemon.engine.deploy_queue import DeployQueue
from pmdaemon.engine.deploy_side import Deploys, DeploySide
from pmdaemon.engine.deployer import Deployer
from pmdaemon.engine.deployment_log import Followers
from pmdaemon.engine.deployments import Deployments
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.interfaces.deploying import DeploymentQuery, LogQuery
from pmdaemon.engine.interrupted import Interrupted
from pmdaemon.engine.live_deployments import LiveDeployments
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.pushes import Pushes
from pmdaemon.engine.release_making import ReleaseMaker
from tests.fakes.deploying import (
    FakeBuilder,
    FakeCodeServer,
    FakeFolders,
    FakeRepositories,
    MemoryDeploymentLogs,
    MemoryDeployments,
)

if TYPE_CHECKING:
    from tests.support.engine import EngineOnFakes

TURNS = 40
"""Turns of the event loop in which all that is due is done."""

LONGEST = 1500
"""Tenths of a second that something may take."""


@dataclass
class DeployingOnFakes:
    """The part of the engine that deploys, and the world it believes in."""

    world: "EngineOnFakes"
    processes: Processes
    gateway: GatewaySide
    store: MemoryDeployments = field(default_factory=MemoryDeployments)
    logs: MemoryDeploymentLogs = field(default_factory=MemoryDeploymentLogs)
    repositories: FakeRepositories = field(default_factory=FakeRepositories)
    builder: FakeBuilder = field(default_factory=FakeBuilder)
    code: FakeCodeServer = field(default_factory=FakeCodeServer)
    limits: DeployLimits = field(default_factory=DeployLimits)
    remark: str | None = None
    listening: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folders = FakeFolders(str(self.world.folder))
        self._ids = 0
        self.assemble()

    def assemble(self) -> None:
        """Build it anew, as a next daemon would."""
        world, clock = self.world, self.world.clock
        self.followers = Followers()
        projects = world.platform.platform.projects
        self.live = LiveDeployments(
            clock=clock,
            bus=world.bus,
            store=self.store,
            projects=projects,
            now=lambda: [*world.supervisor.processes.values()],
            tell=lambda one: self.followers.tell(one.id),
        )
        self.maker = ReleaseMaker(
            clock=clock,
            projects=projects,
            store=self.store,
            repositories=self.repositories,
            folders=self.folders,
            builder=self.builder,
            surroundings={"PATH": "/usr/bin:/bin"},
        )
        self.cut_over = CutOver(
            clock=clock,
            bus=world.bus,
            projects=projects,
            processes=self.processes,
            now=lambda: [*world.supervisor.processes.values()],
            gateway=self.gateway,
            capture=world.capture,
            probe=world.probe,
            prober=world.prober,
            environment=self.maker.environment,
            ports=lambda process: self.listening.get(process.name, {process.tcp_port or 0}),
        )
        self.queue = DeployQueue(
            clock=clock,
            projects=projects,
            store=self.store,
            logs=self.logs,
            followers=self.followers,
            folders=self.folders,
            maker=self.maker,
            cut_over=self.cut_over,
            live=self.live,
            limits=lambda: self.limits,
            remark=lambda: self.remark,
            trusts=lambda project: project.user_id == OPERATOR,
            tell=lambda one: self.followers.tell(one.id),
        )
        self.deployments = Deployments(
            store=self.store,
            logs=self.logs,
            followers=self.followers,
            folders=self.folders,
            queue=self.queue,
            live=self.live,
            now=lambda: [*world.supervisor.processes.values()],
        )
        self.deployer = Deployer(
            clock=clock,
            projects=projects,
            store=self.store,
            logs=self.logs,
            folders=self.folders,
            deployments=self.deployments,
            queue=self.queue,
            live=self.live,
            cut_over=self.cut_over,
            new_id=self._new_id,
        )
        self.interrupted = Interrupted(
            clock=clock,
            projects=projects,
            store=self.store,
            followers=self.followers,
            folders=self.folders,
            builder=self.builder,
            queue=self.queue,
            live=self.live,
            cut_over=self.cut_over,
            now=lambda: [*world.supervisor.processes.values()],
        )
        self.pushes = Pushes(
            clock=clock, server=self.code, deployer=self.deployer, deployments=self.deployments
        )
        parts = Deploys(
            platform=world.platform.platform,
            deployer=self.deployer,
            deployments=self.deployments,
            interrupted=self.interrupted,
            pushes=self.pushes,
            live=self.live,
            builds=tuple,
        )
        self.side = DeploySide(lambda: parts, parts=parts)

    async def begin(self) -> None:
        """Do what a daemon does when it starts."""
        await self.interrupted.adopt()
        await self.interrupted.resume()

    def _new_id(self) -> str:
        self._ids += 1
        return f"deployment-{self._ids}"


def a_project(**changes: object) -> Project:
    """Build a project of the operator's."""
    given: dict[str, object] = {
        "id": "p1",
        "user_id": OPERATOR,
        "name": "Shop",
        "slug": "shop",
        "repo_url": "https://git.test/shop",
        "created": 1.0,
        "updated": 1.0,
    }
    return Project(**{**given, **changes})  # type: ignore[arg-type] # each is a field of it


async def until(world: "EngineOnFakes", condition: Callable[[], object]) -> None:
    """Let time pass until something is so."""
    for _ in range(LONGEST):
        await turns()
        if condition():
            return
        world.clock.advance(0.1)
    raise AssertionError("that does not become so")


class Scene:
    """A daemon that deploys: time passes while somebody waits for something."""

    def __init__(self, world: "EngineOnFakes") -> None:
        self.world = world
        self.parts = world.deploying
        self.projects = world.platform.platform.projects
        self.repositories = self.parts.repositories
        self.builder = self.parts.builder
        self.folders = self.parts.folders

    @property
    def deployer(self) -> Deployer:
        """The verbs of the daemon that there is now."""
        return self.parts.deployer

    @property
    def deployments(self) -> Deployments:
        """What that daemon knows of deployments."""
        return self.parts.deployments

    def have(self, *projects: Project) -> None:
        """Have these projects, and no others."""
        self.projects.adopt(projects)

    def listens(self, *ports: int) -> None:
        """Let programs accept connections on these ports."""
        self.world.probe.used = set(ports)

    async def find(self, **wanted: Any) -> list[Deployment]:
        """Look deployments up, all of those that match."""
        found, total = await self.deployments.find(DeploymentQuery(**wanted))
        assert len(found) == total
        return list(found)

    async def deploy(self, project: Project, **asked: str) -> Deployment:
        """Deploy, and wait for the end of it."""
        return await self.ended(await self.deployer.request(project, user_id="u1", **asked))

    async def ended(self, deployment: Deployment) -> Deployment:
        """Wait until a deployment has come to its end, and what follows from that."""
        latest = deployment

        def is_final() -> bool:
            return latest.is_final and not self.parts.queue.is_busy(deployment.project_id)

        for _ in range(LONGEST):
            await turns()
            latest = await self.deployments.get(deployment.id)
            if is_final():
                await turns()
                return await self.deployments.get(deployment.id)
            self.world.clock.advance(0.1)
        raise AssertionError(f"still {latest.status}, {latest.phase}")

    async def until(self, condition: Callable[[], object]) -> None:
        """Let time pass until something is so."""
        await until(self.world, condition)

    def names(self) -> list[str]:
        """List the apps that there are."""
        return [one.name for one in self.world.supervisor.processes.values()]

    def lines(self, deployment: Deployment) -> list[str]:
        """Read a log."""
        return [one.message for one in self.deployments.lines(deployment, LogQuery())]

    def environment(self, app: str) -> dict[str, str]:
        """Say what a program was started with at last."""
        orders = [one for one in self.world.launcher.orders if one.env["PMDAEMON_NAME"] == app]
        return dict(orders[-1].env)


async def turns() -> None:
    """Let the event loop do all that is due."""
    for _ in range(TURNS):
        await asyncio.sleep(0)

"""What a former daemon was in the middle of: gone on with, or told truthfully.

It is live if the gateway sends requests to it already. What has touched nothing yet but its own
release is begun again, from its beginning; but not for ever, as it may be what brings daemons down.
Anything else has failed. Nothing that was started for it is left, and what ran before runs on.
"""

import logging
from collections.abc import Callable, Iterable, Sequence

from pmdaemon.core.deployments import (
    Deployment,
    DeploymentStatus,
    Event,
    LogLevel,
    Phase,
    PutBack,
    WentLive,
    can_begin_again,
    step,
)
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.process import Process
from pmdaemon.core.projects import Project
from pmdaemon.engine.attempt import command_name
from pmdaemon.engine.cut_over import CutOver
from pmdaemon.engine.deploy_queue import DAEMON_ENDED, DeployQueue
from pmdaemon.engine.deployment_log import Followers
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.deploying import (
    Builder,
    DeploymentQuery,
    DeploymentStore,
    Projects,
    ReleaseFolders,
)
from pmdaemon.engine.live_deployments import LiveDeployments, base_of

MOST_BEGINNINGS = 2
"""How often a deployment is begun at the most, when daemons die in the midst of it."""

log = logging.getLogger(__name__)


class Interrupted:
    """Goes on with the deployments of a former daemon.

    Args:
        now: lists all processes as they are.

    """

    def __init__(
        self,
        *,
        clock: Clock,
        projects: Projects,
        store: DeploymentStore,
        followers: Followers,
        folders: ReleaseFolders,
        builder: Builder,
        queue: DeployQueue,
        live: LiveDeployments,
        cut_over: CutOver,
        now: Callable[[], Iterable[Process]],
    ) -> None:
        self._clock = clock
        self._projects = projects
        self._store = store
        self._followers = followers
        self._folders = folders
        self._builder = builder
        self._queue = queue
        self._live = live
        self._cut_over = cut_over
        self._now = now
        self._found: Sequence[Deployment] = ()

    async def adopt(self) -> None:
        """Know whose the programs are that run already, or are about to be started again.

        Raises:
            StoreUnavailable: it cannot be read.

        """
        names = frozenset(base_of(one.name) for one in self._now() if "@" in one.name)
        for deployment in reversed(await self._store.find(DeploymentQuery(apps=names))):
            self._live.adopt(deployment)
        building = frozenset({DeploymentStatus.BUILDING})
        self._found = await self._store.find(DeploymentQuery(statuses=building))
        for deployment in self._found:
            if (project := self._projects.find(deployment.project_id)) is not None:
                self._live.own(f"{project.slug}@{deployment.number}", project.id)
        self._live.start()

    async def resume(self) -> None:
        """Clear up what a former daemon was in the middle of, and go on with what waits."""
        for deployment in self._found:
            try:
                await self._clear_up(deployment)
            except PmdaemonError as error:
                log.error("deployment.not_cleared id=%s reason=%s", deployment.id, error)
        for project_id in {one.project_id for one in self._live.all()}:
            project, live = self._projects.find(project_id), self._live.of(project_id)
            if project is not None and live is not None:
                await self._queue.finish(project, live)
        self._live.look()
        waiting = DeploymentQuery(statuses=frozenset({DeploymentStatus.QUEUED}))
        for deployment in reversed(await self._store.find(waiting)):
            self._queue.add(deployment)
        self._queue.open()

    async def _clear_up(self, deployment: Deployment) -> None:
        ended = await self._builder.end_leftovers(command_name(deployment))
        if ended:
            log.info("deployment.leftovers_ended id=%s count=%d", deployment.id, ended)
        project = self._projects.find(deployment.project_id)
        if project is None:
            return  # it was deleted, and all that is known of it
        app = f"{project.slug}@{deployment.number}"
        is_up = any(base_of(one.name) == app for one in self._now())
        if is_up and self._cut_over.is_routed_to(project.slug, app):
            self._live.adopt(
                await self._move(deployment, WentLive(app, self._cut_over.url(project)))
            )
        else:
            await self._leave_nothing_of(deployment, project, app)

    async def _leave_nothing_of(self, deployment: Deployment, project: Project, app: str) -> None:
        await self._cut_over.take_down(project.slug, app)
        self._live.disown(app)
        if can_begin_again(deployment) and deployment.begun < MOST_BEGINNINGS:
            self._queue.say(deployment, f"{DAEMON_ENDED}: it is begun again", LogLevel.WARN)
            await self._move(deployment, PutBack())
        else:
            await self._queue.give_up(deployment, DAEMON_ENDED)
        if deployment.release is not None and deployment.rollback_of is None:
            await self._store.remove_releases(project.id, [deployment.release])
        kept = await self._store.releases(project.id)
        await self._folders.keep_only(project.id, {one.folder for one in kept})
        former = self._live.of(project.id)
        if former is not None and deployment.phase is Phase.START:
            await self._cut_over.wake_workers(project.slug, former.app)

    async def _move(self, deployment: Deployment, event: Event) -> Deployment:
        moved = step(deployment, event, self._clock.now().wall)
        await self._store.save(moved)
        self._followers.tell(moved.id)
        return moved

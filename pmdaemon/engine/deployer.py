"""The verbs on deployments, as every front calls them.

What was asked for is in the store before it is acknowledged, and outlives this daemon.
"""

import logging
from collections.abc import Callable, Sequence

from pmdaemon.core.deployments import (
    Deployment,
    DeploymentConflict,
    DeploymentNotFound,
    DeploymentStatus,
    Origin,
    is_to_make_way,
)
from pmdaemon.core.projects import Project, ProjectStatus
from pmdaemon.core.repositories import read_branch, read_sha
from pmdaemon.engine.cut_over import CutOver
from pmdaemon.engine.deploy_queue import CANCELLED, DeployQueue
from pmdaemon.engine.deployments import Deployments
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.deploying import (
    DeploymentLogs,
    DeploymentStore,
    Projects,
    ReleaseFolders,
)
from pmdaemon.engine.live_deployments import LiveDeployments

log = logging.getLogger(__name__)

SUPERSEDED = "a newer deployment was asked for"


class Deployer:
    """Deploys.

    `new_id` makes ids.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        projects: Projects,
        store: DeploymentStore,
        logs: DeploymentLogs,
        folders: ReleaseFolders,
        deployments: Deployments,
        queue: DeployQueue,
        live: LiveDeployments,
        cut_over: CutOver,
        new_id: Callable[[], str],
    ) -> None:
        self._clock = clock
        self._projects = projects
        self._store = store
        self._logs = logs
        self._folders = folders
        self._deployments = deployments
        self._queue = queue
        self._live = live
        self._cut_over = cut_over
        self._new_id = new_id

    async def make_way(self) -> None:
        """Begin nothing any more, and have what is under way come to where it can be left."""
        await self._queue.make_way()

    def last_steps(self) -> Sequence[str]:
        """Name those that are seen to their end before this daemon makes way."""
        return self._queue.last_steps()

    async def close(self) -> None:
        """Begin nothing any more, and end what is under way, for the next daemon to go on with."""
        await self._queue.close()

    # Asking for deployments.

    async def request(
        self,
        project: Project,
        *,
        user_id: str,
        branch: str = "",
        sha: str = "",
        message: str = "",
        origin: Origin = Origin.API,
    ) -> Deployment:
        """Ask for a deployment of a branch, or of a commit of it; return it as it waits.

        Raises:
            InvalidInput: no branch or commit is called so.
            StoreUnavailable: nothing was asked for.

        """
        return await self._enqueue(
            self._new(
                project,
                user_id=user_id,
                branch=read_branch(branch) if branch else project.branch,
                commit_sha=read_sha(sha) if sha else "",
                commit_msg=message[:500],
                origin=origin,
            )
        )

    async def rollback(
        self, deployment_id: str, *, user_id: str, origin: Origin = Origin.API
    ) -> Deployment:
        """Ask for the release of an earlier deployment to be run again; return the new one.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: its release is not kept, or it is live.

        """
        former = await self._deployments.get(deployment_id)
        if self._deployments.is_live(former) and former.status is DeploymentStatus.RUNNING:
            raise DeploymentConflict(f"deployment {former.number} is live already")
        return await self._again(former, user_id=user_id, origin=origin)

    async def restart(self, deployment_id: str, *, user_id: str) -> Deployment:
        """Have a deployment run anew, with the variables of now: its release, or else its commit.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: it is under way, or nobody knows which commit it was of.

        """
        former = await self._deployments.get(deployment_id)
        if await self._deployments.release_of(former) is not None:
            return await self._again(former, user_id=user_id, origin=Origin.API)
        if not former.is_final or not former.commit_sha:
            raise DeploymentConflict(f"deployment {former.number} is {former.status}")
        project = self._project_of(former)
        return await self.request(
            project, user_id=user_id, branch=former.branch, sha=former.commit_sha
        )

    async def promote(self, deployment_id: str, *, user_id: str) -> Deployment:
        """Have a deployment be the one that is live; one that is live already is left as it is.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: its release is not kept.

        """
        found = await self._deployments.get(deployment_id)
        if self._deployments.is_live(found) and found.status is DeploymentStatus.RUNNING:
            return found
        return await self._again(found, user_id=user_id, origin=Origin.API)

    async def cancel(self, deployment_id: str) -> Deployment:
        """End a deployment that waits or is built; what was live stays so.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: it has come to its end already.

        """
        found = await self._deployments.get(deployment_id)
        if found.is_final:
            raise DeploymentConflict(f"deployment {found.number} is {found.status}")
        if (waiting := self._queue.withdraw(deployment_id)) is not None:
            await self._queue.give_up(waiting, CANCELLED)
        elif self._queue.current(deployment_id) is not None:
            await self._queue.cancel(found.project_id)
        return await self._deployments.get(deployment_id)

    async def stop(self, deployment_id: str) -> Deployment:
        """Stop what runs of a deployment that is live.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: it is not live.

        """
        found = await self._deployments.get(deployment_id)
        if not self._deployments.is_live(found):
            raise DeploymentConflict(f"deployment {found.number} is not live")
        await self._cut_over.stop(self._project_of(found).slug, found.app)
        await self._live.settled()
        return await self._deployments.get(deployment_id)

    async def delete(self, deployment_id: str) -> Deployment:
        """Forget a deployment, with its log, and its release unless that is live.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: it is live, or not at its end.

        """
        found = await self._deployments.get(deployment_id)
        if not found.is_final or self._deployments.is_live(found):
            raise DeploymentConflict(
                f"deployment {found.number} is {found.status}, and cannot be deleted"
            )
        project_id = found.project_id
        live = self._live.of(project_id)
        if found.rollback_of is None and found.release is not None:
            if live is None or live.release != found.release:
                await self._store.remove_releases(project_id, [found.release])
            if not self._queue.is_busy(project_id):
                kept = await self._store.releases(project_id)
                await self._folders.keep_only(project_id, {one.folder for one in kept})
        await self._store.remove(found.id)
        self._logs.remove(found)
        return found

    # For projects.

    @property
    def is_working(self) -> bool:
        """Whether deployments that are queued are worked on."""
        return self._queue.is_open

    def depth(self) -> int:
        """Say how many deployments wait."""
        return len(self._queue.waiting)

    def status(self, project_id: str) -> ProjectStatus:
        """Say whether a project is live."""
        if self._queue.is_busy(project_id):
            return ProjectStatus.BUILDING
        live = self._live.of(project_id)
        is_up = live is not None and live.status is DeploymentStatus.RUNNING
        return ProjectStatus.ACTIVE if is_up else ProjectStatus.INACTIVE

    def url(self, project: Project) -> str:
        """Say where a project answers; empty while it does nowhere."""
        return self._cut_over.url(project)

    async def hosts_changed(self, project: Project) -> None:
        """Route the hosts that a project has now, and no others of it."""
        await self._cut_over.route_hosts(project)

    async def forget(self, project: Project) -> None:
        """End what runs of a project, and remove whatever there is of it, for good.

        Raises:
            PmdaemonError: something of it could not be ended; it may be asked again.

        """
        for waiting in [one for one in self._queue.waiting if one.project_id == project.id]:
            self._queue.withdraw(waiting.id)
            await self._queue.give_up(waiting, "its project was deleted")
        await self._queue.cancel(project.id)
        await self._cut_over.take_all_down(project.slug)
        await self._live.settled()
        self._live.forget(project.id)
        await self._store.forget(project.id)
        await self._folders.remove(project.id)
        self._folders.forget_output(project.slug)

    # Inside.

    def _new(self, project: Project, **fields: object) -> Deployment:
        now = self._clock.now().wall
        return Deployment(
            id=self._new_id(),
            project_id=project.id,
            number=0,
            created=now,
            updated=now,
            **fields,  # type: ignore[arg-type] # each is a field of it
        )

    def _project_of(self, deployment: Deployment) -> Project:
        project = self._projects.find(deployment.project_id)
        if project is None:
            raise DeploymentNotFound
        return project

    async def _again(self, former: Deployment, *, user_id: str, origin: Origin) -> Deployment:
        release = await self._deployments.release_of(former)
        if release is None:
            raise DeploymentConflict(
                f"the release of deployment {former.number} is not kept"
                + (f" (deploy commit {former.commit_sha[:7]} anew)" if former.commit_sha else "")
            )
        return await self._enqueue(
            self._new(
                self._project_of(former),
                user_id=user_id,
                branch=release.branch,
                commit_sha=release.commit_sha,
                commit_msg=release.commit_msg,
                rollback_of=former.id,
                release=release.number,
                origin=origin,
            )
        )

    async def _enqueue(self, deployment: Deployment) -> Deployment:
        numbered = await self._store.add(deployment)
        self._queue.say(numbered, "queued")
        for waiting in tuple(self._queue.waiting):
            if is_to_make_way(waiting, numbered):
                self._queue.withdraw(waiting.id)
                await self._queue.give_up(waiting, f"{SUPERSEDED} ({numbered.number})")
        self._queue.add(numbered)
        return numbered

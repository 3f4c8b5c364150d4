"""The verbs on deployments, as every front calls them.

What was asked for is in the store before it is acknowledged, and outlives this daemon. What a
former daemon was in the middle of is told truthfully: it runs if the gateway sends requests to it,
and has failed otherwise; nothing that it started is left, and what ran before runs on.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from pmdaemon.core.deployments import (
    Deployment,
    DeploymentConflict,
    DeploymentLine,
    DeploymentNotFound,
    DeploymentStatus,
    GaveUp,
    LogLevel,
    Origin,
    Phase,
    WentLive,
    is_to_make_way,
    step,
)
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.process import Process
from pmdaemon.core.projects import Project, ProjectStatus
from pmdaemon.core.releases import Release
from pmdaemon.core.repositories import read_branch, read_sha
from pmdaemon.engine.attempt import command_name
from pmdaemon.engine.cut_over import CutOver
from pmdaemon.engine.deploy_queue import CANCELLED, DeployQueue
from pmdaemon.engine.deployment_log import Followers
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.deploying import (
    Builder,
    DeploymentLogs,
    DeploymentQuery,
    DeploymentStore,
    LogQuery,
    Projects,
    ReleaseFolders,
)
from pmdaemon.engine.live_deployments import LiveDeployments, base_of

log = logging.getLogger(__name__)

DAEMON_DIED = "the daemon ended while it was under way"

SUPERSEDED = "a newer deployment was asked for"


class Deployer:
    """Deploys, and says what was deployed.

    Args:
        new_id: makes ids.
        now: lists all processes as they are.

    """

    def __init__(
        self,
        *,
        clock: Clock,
        projects: Projects,
        store: DeploymentStore,
        logs: DeploymentLogs,
        followers: Followers,
        folders: ReleaseFolders,
        builder: Builder,
        queue: DeployQueue,
        live: LiveDeployments,
        cut_over: CutOver,
        new_id: Callable[[], str],
        now: Callable[[], Iterable[Process]],
    ) -> None:
        self._clock = clock
        self._projects = projects
        self._store = store
        self._logs = logs
        self._followers = followers
        self._folders = folders
        self._builder = builder
        self._queue = queue
        self._live = live
        self._cut_over = cut_over
        self._new_id = new_id
        self._now = now
        self._interrupted: Sequence[Deployment] = ()

    # The life of the daemon.

    async def adopt(self) -> None:
        """Know whose the programs are that run already, or are about to be started again.

        Raises:
            StoreUnavailable: it cannot be read.

        """
        names = frozenset(base_of(one.name) for one in self._now() if "@" in one.name)
        for deployment in reversed(await self._store.find(DeploymentQuery(apps=names))):
            self._live.adopt(deployment)
        interrupted = frozenset({DeploymentStatus.BUILDING})
        self._interrupted = await self._store.find(DeploymentQuery(statuses=interrupted))
        for deployment in self._interrupted:
            if (project := self._projects.find(deployment.project_id)) is not None:
                self._live.own(f"{project.slug}@{deployment.number}", project.id)
        self._live.start()

    async def resume(self) -> None:
        """Clear up what a former daemon was in the middle of, and go on with what waits."""
        for deployment in self._interrupted:
            try:
                await self._clear_up(deployment)
            except PmdaemonError as error:
                log.error("deployment.not_cleared id=%s reason=%s", deployment.id, error)  # noqa: TRY400
        for project_id in {one.project_id for one in self._live.all()}:
            project, live = self._projects.find(project_id), self._live.of(project_id)
            if project is not None and live is not None:
                await self._queue.finish(project, live)
        self._live.look()
        waiting = DeploymentQuery(statuses=frozenset({DeploymentStatus.QUEUED}))
        for deployment in reversed(await self._store.find(waiting)):
            self._queue.add(deployment)
        self._queue.open()

    async def close(self) -> None:
        """Begin nothing any more, and end what is under way."""
        await self._queue.close(DAEMON_DIED)

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
        former = await self.get(deployment_id)
        if self.is_live(former) and former.status is DeploymentStatus.RUNNING:
            raise DeploymentConflict(f"deployment {former.number} is live already")
        return await self._again(former, user_id=user_id, origin=origin)

    async def restart(self, deployment_id: str, *, user_id: str) -> Deployment:
        """Have a deployment run anew, with the variables of now: its release, or else its commit.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: it is under way, or nobody knows which commit it was of.

        """
        former = await self.get(deployment_id)
        if await self.release_of(former) is not None:
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
        found = await self.get(deployment_id)
        if self.is_live(found) and found.status is DeploymentStatus.RUNNING:
            return found
        return await self._again(found, user_id=user_id, origin=Origin.API)

    async def cancel(self, deployment_id: str) -> Deployment:
        """End a deployment that waits or is built; what was live stays so.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: it has come to its end already.

        """
        found = await self.get(deployment_id)
        if found.is_final:
            raise DeploymentConflict(f"deployment {found.number} is {found.status}")
        if (waiting := self._queue.withdraw(deployment_id)) is not None:
            await self._give_up(waiting, CANCELLED)
        else:
            await self._queue.cancel(found.project_id)
        return await self.get(deployment_id)

    async def stop(self, deployment_id: str) -> Deployment:
        """Stop what runs of a deployment that is live.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: it is not live.

        """
        found = await self.get(deployment_id)
        if not self.is_live(found):
            raise DeploymentConflict(f"deployment {found.number} is not live")
        await self._cut_over.stop(self._project_of(found).slug, found.app)
        await self._live.settled()
        return await self.get(deployment_id)

    async def delete(self, deployment_id: str) -> Deployment:
        """Forget a deployment, with its log, and its release unless that is live.

        Raises:
            DeploymentNotFound: there is none of this id.
            DeploymentConflict: it is live, or not at its end.

        """
        found = await self.get(deployment_id)
        if not found.is_final or self.is_live(found):
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

    # Looking.

    async def get(self, deployment_id: str) -> Deployment:
        """Find a deployment.

        Raises:
            DeploymentNotFound: there is none of this id.

        """
        found = (
            self._queue.current(deployment_id)
            or self._live.find(deployment_id)
            or await self._store.get(deployment_id)
        )
        if found is None:
            raise DeploymentNotFound
        return found

    async def find(self, query: DeploymentQuery) -> tuple[Sequence[Deployment], int]:
        """List what fits, the youngest first, and say how many would without a limit."""
        return await self._store.find(query), await self._store.count(query)

    async def release_of(self, deployment: Deployment) -> Release | None:
        """Find the release of a deployment, if it is kept."""
        for release in await self._store.releases(deployment.project_id):
            if release.number == deployment.release and self._folders.exists(release.folder):
                return release
        return None

    async def kept(self, deployments: Sequence[Deployment]) -> frozenset[str]:
        """Say of which deployments the release is kept, by their ids."""
        there: set[tuple[str, int]] = set()
        for project_id in {one.project_id for one in deployments}:
            releases = await self._store.releases(project_id)
            there |= {(project_id, one.number) for one in releases}
        return frozenset(
            one.id
            for one in deployments
            if one.release is not None and (one.project_id, one.release) in there
        )

    def apps_of(self, deployment: Deployment) -> Sequence[str]:
        """List the names of the apps that a deployment runs as."""
        return sorted({one.name for one in self._now() if base_of(one.name) == deployment.app})

    def process_of(self, deployment: Deployment) -> Process | None:
        """Find the program that answers for a deployment."""
        if not deployment.app:
            return None
        return next((one for one in self._now() if one.name == deployment.app), None)

    def is_live(self, deployment: Deployment) -> bool:
        """Whether a deployment is the one of its project that is live, or was at last."""
        live = self._live.of(deployment.project_id)
        return live is not None and live.id == deployment.id

    def lines(self, deployment: Deployment, query: LogQuery) -> Sequence[DeploymentLine]:
        """Read lines of a log."""
        return self._logs.read(deployment, query)

    async def follow(
        self, deployment_id: str, *, since: int = 0
    ) -> AsyncGenerator[Sequence[DeploymentLine], None]:
        """Give the lines of a log after number `since`, and those that come, until it has ended.

        Raises:
            DeploymentNotFound: there is none of this id.

        """
        news = self._followers.join(deployment_id)
        position = 0
        try:
            while True:
                news.clear()
                deployment = await self.get(deployment_id)
                while True:
                    lines, read_to = self._logs.read_on(deployment, position)
                    if read_to == position:
                        break
                    position = read_to
                    if wanted := [line for line in lines if line.number > since]:
                        yield wanted
                if deployment.is_final:
                    return
                await news.wait()
        finally:
            self._followers.leave(deployment_id, news)

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

    def live(self, project_id: str) -> Deployment | None:
        """Find the deployment of a project that is live, or was at last."""
        return self._live.of(project_id)

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
            await self._give_up(waiting, "its project was deleted")
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
        release = await self.release_of(former)
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
        book = self._queue.log_of(numbered)
        book.say("queued")
        book.flush()  # before its turn comes, with a log of its own
        for waiting in tuple(self._queue.waiting):
            if is_to_make_way(waiting, numbered):
                self._queue.withdraw(waiting.id)
                await self._give_up(waiting, f"{SUPERSEDED} ({numbered.number})")
        self._queue.add(numbered)
        return numbered

    async def _give_up(self, deployment: Deployment, reason: str) -> None:
        given_up = step(deployment, GaveUp(reason), self._clock.now().wall)
        book = self._queue.log_of(deployment)
        book.say(f"failed: {reason}", LogLevel.ERROR)
        book.flush()
        await self._store.save(given_up)
        self._followers.tell(deployment.id)

    async def _clear_up(self, deployment: Deployment) -> None:
        ended = await self._builder.end_leftovers(command_name(deployment))
        project = self._project_of(deployment)
        app = f"{project.slug}@{deployment.number}"
        is_up = any(base_of(one.name) == app for one in self._now())
        if is_up and self._cut_over.is_routed_to(project.slug, app):
            live = step(
                deployment,
                WentLive(app, self._cut_over.url(project)),
                self._clock.now().wall,
            )
            await self._store.save(live)
            self._live.adopt(live)
            self._followers.tell(live.id)
            return
        if ended:
            log.info("deployment.leftovers_ended id=%s count=%d", deployment.id, ended)
        await self._cut_over.take_down(project.slug, app)
        self._live.disown(app)
        await self._give_up(deployment, DAEMON_DIED)
        if deployment.release is not None and deployment.rollback_of is None:
            await self._store.remove_releases(project.id, [deployment.release])
        kept = await self._store.releases(project.id)
        await self._folders.keep_only(project.id, {one.folder for one in kept})
        former = self._live.of(project.id)
        if former is not None and deployment.phase is Phase.START:
            await self._cut_over.wake_workers(project.slug, former.app)

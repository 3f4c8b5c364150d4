"""Carrying out deployments: one of a project at a time, and only so many builds at once."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from pmdaemon.core.deploy_limits import DeployLimits, limits_of
from pmdaemon.core.deployments import (
    Begun,
    Deployment,
    GaveUp,
    LogLevel,
    Phase,
    PutBack,
    Replaced,
    WentLive,
    can_begin_again,
    step,
)
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.projects import EnvScope, Project
from pmdaemon.core.quantities import format_size
from pmdaemon.core.releases import Release
from pmdaemon.engine import tasks
from pmdaemon.engine.attempt import Attempt, DeploymentFailed
from pmdaemon.engine.cut_over import CutOver
from pmdaemon.engine.deployment_log import DeploymentLog, Followers
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.deploying import (
    DeploymentLogs,
    DeploymentQuery,
    DeploymentStore,
    Projects,
    ReleaseFolders,
)
from pmdaemon.engine.live_deployments import LiveDeployments
from pmdaemon.engine.release_making import ReleaseMaker

KEPT_DEPLOYMENTS = 200
"""Deployments of a project that are remembered, with their logs."""

log = logging.getLogger(__name__)

CANCELLED = "it was cancelled"

DAEMON_ENDED = "the daemon ended while it was under way"


class DeployQueue:
    """Takes deployments one after the other, from their beginning to their end.

    Args:
        limits: says what deployments may take.
        remark: says what is wrong with the settings, if anything is.
        trusts: tells whether a project is an administrator's.
        tell: is called with each deployment that has changed.

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
        maker: ReleaseMaker,
        cut_over: CutOver,
        live: LiveDeployments,
        limits: Callable[[], DeployLimits],
        remark: Callable[[], str | None],
        trusts: Callable[[Project], bool],
        tell: Callable[[Deployment], None],
    ) -> None:
        self._clock = clock
        self._projects = projects
        self._store = store
        self._logs = logs
        self._followers = followers
        self._folders = folders
        self._maker = maker
        self._cut_over = cut_over
        self._live = live
        self._limits = limits
        self._remark = remark
        self._trusts = trusts
        self._tell = tell
        self._waiting: list[Deployment] = []
        self._active: dict[str, tuple[Attempt, asyncio.Task[None]]] = {}
        self._finishing: set[asyncio.Task[None]] = set()
        self._is_open = False
        self._is_making_way = False

    @property
    def is_open(self) -> bool:
        """Whether what waits is begun."""
        return self._is_open

    @property
    def waiting(self) -> Sequence[Deployment]:
        """Those that wait, in their order."""
        return self._waiting

    def is_busy(self, project_id: str) -> bool:
        """Whether a deployment of a project is under way or waits."""
        return project_id in self._active or any(
            one.project_id == project_id for one in self._waiting
        )

    def current(self, deployment_id: str) -> Deployment | None:
        """Find a deployment that is under way, as it is now."""
        found = (attempt.deployment for attempt, _ in self._active.values())
        return next((one for one in found if one.id == deployment_id), None)

    def open(self) -> None:
        """Begin."""
        self._is_open = True
        self._go_on()

    def add(self, deployment: Deployment) -> None:
        """Put one at the end."""
        self._waiting.append(deployment)
        self._go_on()

    def withdraw(self, deployment_id: str) -> Deployment | None:
        """Take one out that waits; None when it does not."""
        found = next((one for one in self._waiting if one.id == deployment_id), None)
        if found is not None:
            self._waiting.remove(found)
        return found

    async def cancel(self, project_id: str) -> None:
        """End what is under way of a project, and wait until it has ended."""
        if project_id in self._active:
            _, task = self._active[project_id]
            task.cancel()
            await asyncio.wait({task})

    async def make_way(self) -> None:
        """Begin nothing any more, and put back into the queue what can be begun again.

        What cannot is seen to its end; there is nothing in it that takes long.
        """
        self._is_open = False
        self._is_making_way = True
        running = [*self._active.values()]
        for attempt, task in running:
            if can_begin_again(attempt.deployment):
                task.cancel()
        if running:
            await asyncio.wait({task for _, task in running})

    def last_steps(self) -> Sequence[str]:
        """Name those that are seen to their end before this daemon makes way."""
        if not self._is_making_way:
            return []
        return [
            f"deployment {attempt.deployment.number} of {attempt.project.slug}"
            for attempt, _ in self._active.values()
        ]

    async def close(self) -> None:
        """Begin nothing any more; put back what can be begun again, and end the rest."""
        self._is_open = False
        self._is_making_way = True
        running = {task for _, task in self._active.values()} | self._finishing
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def give_up(self, deployment: Deployment, reason: str) -> None:
        """Have a deployment fail that is not under way here."""
        self.say(deployment, f"failed: {reason}", LogLevel.ERROR)
        given_up = step(deployment, GaveUp(reason), self._clock.now().wall)
        await self._store.save(given_up)
        self._tell(given_up)

    def say(self, deployment: Deployment, sentence: str, level: LogLevel = LogLevel.INFO) -> None:
        """Write a line into the log of a deployment that is not under way here."""
        book = self._log_of(deployment)
        book.say(sentence, level)
        book.flush()  # before its turn comes, with a log of its own

    async def finish(self, project: Project, live: Deployment) -> None:
        """Have what a project ran before finish what it has begun, and end."""
        try:
            await self._cut_over.finish(project, live.app)
        except PmdaemonError as error:
            log.error("deployment.not_finished project=%s reason=%s", project.slug, error)

    def _log_of(self, deployment: Deployment) -> DeploymentLog:
        """Go on with the log of a deployment."""
        return DeploymentLog(
            deployment,
            clock=self._clock,
            logs=self._logs,
            followers=self._followers,
            largest=self._limits().log,
        )

    def _go_on(self) -> None:
        """Begin what may begin; to go back to what was built needs no place among builds."""
        if not self._is_open:
            return
        for deployment in tuple(self._waiting):
            builds = sum(one.deployment.rollback_of is None for one, _ in self._active.values())
            may_build = deployment.rollback_of is not None or builds < self._limits().builds
            if deployment.project_id not in self._active and may_build:
                self._waiting.remove(deployment)
                self._begin(deployment)

    def _begin(self, deployment: Deployment) -> None:
        project = self._projects.find(deployment.project_id)
        if project is None:
            return  # it was deleted, and all that is known of it
        trusted = self._trusts(project)
        limits = limits_of(project, self._limits(), trusted=trusted)
        attempt = Attempt(
            project,
            deployment,
            clock=self._clock,
            store=self._store,
            log=self._log_of(deployment),
            tell=self._tell,
            limits=limits,
            trusted=trusted,
        )
        task = tasks.spawn(self._carry_out(attempt), name=f"deploy.{project.slug}")
        self._active[project.id] = attempt, task

    async def _carry_out(self, attempt: Attempt) -> None:
        try:
            await self._try(attempt)
        except PmdaemonError as error:
            # The store cannot be written; the next daemon says what became of it.
            log.error("deployment.lost id=%s reason=%s", attempt.deployment.id, error)
        finally:
            attempt.log.flush()
            del self._active[attempt.project.id]
            self._go_on()

    async def _try(self, attempt: Attempt) -> None:
        try:
            release = await self._bring_live(attempt)
        except asyncio.CancelledError:
            await self._interrupted(attempt)
        except PmdaemonError as error:
            await self._gave_up(attempt, error.message)
        except Exception:
            log.exception("deployment.broken id=%s", attempt.deployment.id)
            await self._gave_up(attempt, "something went wrong within pmdaemon; see its log")
        else:
            await self._settle(attempt, release)

    async def _bring_live(self, attempt: Attempt) -> Release:
        project, deployment = attempt.project, attempt.deployment
        await attempt.move(Begun())
        variables = {
            **self._projects.environment(project.id, EnvScope.BUILD),
            **self._projects.environment(project.id, EnvScope.RUN),
        }
        attempt.log.hide(variables.values())
        if (remark := self._remark()) is not None:
            attempt.log.say(f"the settings are left as they were: {remark}", LogLevel.WARN)
        if (free := self._folders.free_bytes()) < attempt.limits.free:
            raise DeploymentFailed(f"the disk is nearly full: {format_size(free)} are left")
        if deployment.rollback_of is not None:
            release = await self._kept(attempt)
        else:
            release = await self._maker.make(attempt)
            if release.plan.release:
                await self._maker.run(attempt, release, Phase.RELEASE, release.plan.release)
        await attempt.begin(Phase.START)
        self._live.own(attempt.app, project.id)
        await self._cut_over.go_live(attempt, release)
        return release

    async def _kept(self, attempt: Attempt) -> Release:
        number = attempt.deployment.release
        for release in await self._store.releases(attempt.project.id):
            if release.number == number and self._folders.exists(release.folder):
                attempt.log.say(
                    f"release {number} is kept, and is started again"
                    f" (commit {release.commit_sha[:7]}: {release.commit_msg})"
                )
                return release
        raise DeploymentFailed(f"release {number} is not kept any more")

    async def _interrupted(self, attempt: Attempt) -> None:
        if not self._is_making_way:
            await self._gave_up(attempt, CANCELLED)
        elif can_begin_again(attempt.deployment):
            attempt.log.say("the daemon ends: the next one begins this again", LogLevel.WARN)
            made = attempt.deployment.release
            await attempt.move(PutBack())
            if made is not None and attempt.deployment.rollback_of is None:
                await self._store.remove_releases(attempt.project.id, [made])
        else:
            await self._gave_up(attempt, DAEMON_ENDED)

    async def _gave_up(self, attempt: Attempt, reason: str) -> None:
        if self._cut_over.is_routed_to(attempt.project.slug, attempt.app):
            await self._went_live_all_the_same(attempt)
            return
        self._live.disown(attempt.app)
        attempt.log.say(f"failed: {reason}", LogLevel.ERROR)
        former = self._live.of(attempt.project.id)
        if former is not None:
            attempt.log.say(f"deployment {former.number} goes on as before")
        await attempt.move(GaveUp(reason))
        made = attempt.deployment.release
        if made is not None and attempt.deployment.rollback_of is None:
            await self._store.remove_releases(attempt.project.id, [made])
            await self._prune(attempt.project)

    async def _went_live_all_the_same(self, attempt: Attempt) -> None:
        """See an attempt to its end that was disturbed after requests went to it."""
        if not attempt.deployment.is_final:
            await attempt.move(WentLive(attempt.app, self._cut_over.url(attempt.project)))
        for release in await self._store.releases(attempt.project.id):
            if release.number == attempt.deployment.release:
                await self._settle(attempt, release)

    async def _settle(self, attempt: Attempt, release: Release) -> None:
        """Take down what was live before, and keep as many releases as are wished for."""
        project, deployment = attempt.project, attempt.deployment
        former = self._live.of(project.id)
        self._live.adopt(deployment)
        self._folders.point_at(project.id, release.folder)
        if former is not None and former.id != deployment.id:
            await self._live.end(former, Replaced())
        await self._prune(project)
        finishing = tasks.spawn(self.finish(project, deployment), name=f"finish.{project.slug}")
        self._finishing.add(finishing)
        finishing.add_done_callback(self._finishing.discard)

    async def _prune(self, project: Project) -> None:
        """Keep as many releases as are wished for, and of what is long past nothing."""
        await self._forget_old(project)
        releases = await self._store.releases(project.id)
        live = self._live.of(project.id)
        kept = {one.number for one in releases[: project.keep]}
        kept |= {live.release} if live is not None and live.release is not None else set()
        gone = [one.number for one in releases if one.number not in kept]
        if gone:
            await self._store.remove_releases(project.id, gone)
        await self._folders.keep_only(
            project.id, {one.folder for one in releases if one.number in kept}
        )

    async def _forget_old(self, project: Project) -> None:
        live = self._live.of(project.id)
        query = DeploymentQuery(projects=frozenset({project.id}), offset=KEPT_DEPLOYMENTS)
        for old in await self._store.find(query):
            if old.is_final and (live is None or old.id != live.id):
                await self._store.remove(old.id)
                self._logs.remove(old)
        latest = live.number if live is not None else 0
        self._folders.forget_output(project.slug, latest - project.keep)

"""What is known of deployments: how far they are, their releases, their logs."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from pmdaemon.core.deployments import Deployment, DeploymentLine, DeploymentNotFound
from pmdaemon.core.process import Process
from pmdaemon.core.releases import Release
from pmdaemon.engine.deploy_queue import DeployQueue
from pmdaemon.engine.deployment_log import Followers
from pmdaemon.engine.interfaces.deploying import (
    DeploymentLogs,
    DeploymentQuery,
    DeploymentStore,
    LogQuery,
    ReleaseFolders,
)
from pmdaemon.engine.live_deployments import LiveDeployments, base_of


class Deployments:
    """Says what was deployed, is deployed, and is to be.

    Args:
        now: lists all processes as they are.

    """

    def __init__(
        self,
        *,
        store: DeploymentStore,
        logs: DeploymentLogs,
        followers: Followers,
        folders: ReleaseFolders,
        queue: DeployQueue,
        live: LiveDeployments,
        now: Callable[[], Iterable[Process]],
    ) -> None:
        self._store = store
        self._logs = logs
        self._followers = followers
        self._folders = folders
        self._queue = queue
        self._live = live
        self._now = now

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

    def live(self, project_id: str) -> Deployment | None:
        """Find the deployment of a project that is live, or was at last."""
        return self._live.of(project_id)

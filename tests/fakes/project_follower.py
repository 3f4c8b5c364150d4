"""A follower that writes down what it is asked."""

from collections.abc import Sequence

from pmdaemon.core.deployments import Deployment, Origin
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.projects import Project, ProjectStatus


class FakeFollower:
    """Remembers what it was asked; while `failure` is set, nothing can be ended."""

    def __init__(self) -> None:
        self.failure: PmdaemonError | None = None
        self.asked: list[tuple[str, str]] = []
        self.is_working = True
        self.requested: list[Deployment] = []
        self.live: set[str] = set()

    def status(self, project_id: str) -> ProjectStatus:
        """Say whether a project is live."""
        return ProjectStatus.ACTIVE if project_id in self.live else ProjectStatus.INACTIVE

    def url(self, project: Project) -> str:
        """Say where a project answers."""
        return f"http://{project.slug}.localhost" if project.id in self.live else ""

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
        """Write down what is to be deployed."""
        if self.failure is not None:
            raise self.failure
        deployment = Deployment(
            id=f"deployment-{len(self.requested) + 1}",
            project_id=project.id,
            user_id=user_id,
            number=len(self.requested) + 1,
            branch=branch,
            commit_sha=sha,
            commit_msg=message,
            origin=origin,
            created=0.0,
            updated=0.0,
        )
        self.requested.append(deployment)
        return deployment

    async def hosts_changed(self, project: Project) -> None:
        """Write down that hosts are others."""
        self.asked.append(("hosts_changed", project.id))

    async def forget(self, project: Project) -> None:
        """Write down that a project is to go."""
        self.asked.append(("forget", project.id))
        if self.failure is not None:
            raise self.failure

    @property
    def verbs(self) -> Sequence[str]:
        """What was asked, without of what."""
        return [verb for verb, _ in self.asked]

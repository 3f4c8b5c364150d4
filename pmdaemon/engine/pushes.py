"""Code that is pushed here: what of it is deployed."""

from collections.abc import AsyncIterator

from pmdaemon.core.deployments import Deployment, Origin
from pmdaemon.core.projects import Project
from pmdaemon.engine.deployer import Deployer
from pmdaemon.engine.interfaces.deploying import CodeAnswer, CodeRequest, CodeServer

RECEIVE = "git-receive-pack"


class Pushes:
    """Has git take in pushes, and a push to the branch of a project deployed."""

    def __init__(self, *, server: CodeServer, deployer: Deployer) -> None:
        self._server = server
        self._deployer = deployer

    async def answer(self, request: CodeRequest, body: AsyncIterator[bytes]) -> CodeAnswer:
        """Have git answer a request.

        Raises:
            PmdaemonError: it cannot be run.

        """
        return await self._server.answer(request, body)

    async def tip(self, project: Project) -> str:
        """Say which commit of the project's branch was pushed last; empty when none was."""
        return (await self._server.branches(project.id)).get(project.branch, "")

    async def deploy(self, project: Project, *, before: str, user_id: str) -> Deployment | None:
        """Ask for a deployment if the project's branch has moved since then.

        Raises:
            StoreUnavailable: nothing was asked for.

        """
        tip = await self.tip(project)
        if not tip or tip == before:
            return None
        return await self._deployer.request(
            project, user_id=user_id, branch=project.branch, sha=tip, origin=Origin.PUSH
        )

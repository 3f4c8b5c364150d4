"""Code that is pushed here: what of it is deployed, and what who pushes is told about it.

git is told before it hears that its push is over, and shows that to who pushes. It waits for the
end of the deployment as well if it is asked to: `git push -o wait`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress

from msgspec.structs import replace

from pmdaemon.core.deployments import Deployment, DeploymentLine, LogStream, Origin
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.pkt_lines import KEEP_ALIVE, HeldEnd, PushHead, for_people
from pmdaemon.core.projects import Project
from pmdaemon.core.wording import shown
from pmdaemon.engine.deployer import Deployer
from pmdaemon.engine.deployments import Deployments
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.deploying import CodeAnswer, CodeRequest, CodeServer

RECEIVE = "git-receive-pack"

WAIT = "wait"
"""The push option that has git wait until the deployment has come to its end."""

SILENCE = 15.0
"""Seconds after which something is sent, so that nobody in between takes the line for dead."""

BRANCHES = "refs/heads/"

log = logging.getLogger(__name__)


class Pushes:
    """Has git take in pushes, and a push to the branch of a project deployed."""

    def __init__(
        self, *, clock: Clock, server: CodeServer, deployer: Deployer, deployments: Deployments
    ) -> None:
        self._clock = clock
        self._server = server
        self._deployer = deployer
        self._deployments = deployments

    async def answer(self, request: CodeRequest, body: AsyncIterator[bytes]) -> CodeAnswer:
        """Have git answer a request.

        Raises:
            PmdaemonError: it cannot be run.

        """
        return await self._server.answer(request, body)

    async def receive(
        self,
        project: Project,
        request: CodeRequest,
        body: AsyncIterator[bytes],
        *,
        user_id: str,
        page_of: Callable[[Deployment], str],
    ) -> CodeAnswer:
        """Have git take in a push; what follows from it is done by who reads the answer.

        Args:
            project: that is pushed to.
            request: of git.
            body: of the request.
            user_id: who pushes.
            page_of: is called with the deployment that was asked for, and says where it is shown.

        Raises:
            PmdaemonError: git cannot be run.

        """
        before, head = await self._tip(project), PushHead()
        answer = await self._server.answer(request, _read_along(body, head))

        async def told() -> AsyncGenerator[bytes, None]:
            end = HeldEnd()
            async with aclosing(answer.body) as pieces:
                async for piece in pieces:
                    yield end.feed(piece)
            async with aclosing(self._deploy(project, before, head, user_id, page_of)) as said:
                async for piece in said:
                    if head.hears:
                        yield piece
            yield end.rest

        return replace(answer, body=told())

    async def _tip(self, project: Project) -> str:
        """Say which commit of the project's branch was pushed last; empty when none was."""
        return (await self._server.branches(project.id)).get(project.branch, "")

    async def _deploy(
        self,
        project: Project,
        before: str,
        head: PushHead,
        user_id: str,
        page_of: Callable[[Deployment], str],
    ) -> AsyncGenerator[bytes, None]:
        """Ask for a deployment if the project's branch has moved; tell what comes of it."""
        for option in head.options:
            if option != WAIT:
                yield for_people(f"there is no push option {shown(option)}, there is {WAIT}")
        try:
            tip = await self._tip(project)
            if not tip or tip == before:
                for sentence in _left_alone(project, head):
                    yield for_people(sentence)
                return
            asked = await self._deployer.request(
                project, user_id=user_id, branch=project.branch, sha=tip, origin=Origin.PUSH
            )
        except PmdaemonError as error:
            log.error("push.not_deployed project=%s reason=%s", project.slug, error)
            yield for_people(f"this is pushed, and not deployed: {error.message}")
            return
        page = page_of(asked)
        yield for_people(f"deploying {tip[:7]} as deployment {asked.number} of {project.slug}")
        yield for_people(f"its log: {page}")
        if WAIT not in head.options:
            yield for_people(f"(git push -o {WAIT} shows it here, and waits for its end)")
            return
        async for piece in self._followed(asked):
            yield piece

    async def _followed(self, deployment: Deployment) -> AsyncGenerator[bytes, None]:
        news: asyncio.Queue[Sequence[DeploymentLine] | None] = asyncio.Queue()

        async def read() -> None:
            try:
                with suppress(PmdaemonError):  # it was deleted meanwhile
                    async for lines in self._deployments.follow(deployment.id):
                        news.put_nowait(lines)
            finally:
                news.put_nowait(None)  # whatever went wrong, nobody waits for ever

        reading = asyncio.get_running_loop().create_task(read(), name="push.follow")
        try:
            while True:
                silence = self._clock.call_later(SILENCE, lambda: news.put_nowait([]))
                lines = await news.get()
                silence.cancel()
                if lines is None:
                    return
                yield b"".join(for_people(_worded(one)) for one in lines) or KEEP_ALIVE
        finally:
            reading.cancel()


async def _read_along(body: AsyncIterator[bytes], head: PushHead) -> AsyncIterator[bytes]:
    async for data in body:
        head.feed(data)
        yield data


def _left_alone(project: Project, head: PushHead) -> Sequence[str]:
    """Say why nothing is deployed, to who pushes other branches."""
    moved = [one.removeprefix(BRANCHES) for one in head.refs]
    if not moved or project.branch in moved:
        return []
    names = ", ".join(shown(one) for one in moved[:3])
    return [f"{names}: not deployed, as that is done with {project.branch} of {project.slug}"]


def _worded(line: DeploymentLine) -> str:
    """Word a line as the command line does: commands are indented, the deployer has an arrow."""
    message = "".join(each if each.isprintable() else " " for each in line.message)
    return f"    {message}" if line.stream is not LogStream.SYSTEM else f"--> {message}"

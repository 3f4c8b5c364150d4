"""What clients ask about deployments: `Client.deployments`, and `AsyncClient.deployments`."""

import re
from collections.abc import AsyncGenerator, Callable, Generator
from operator import itemgetter
from typing import Any

from pmdaemon.client.awaiting import AsyncDo, Do, awaited
from pmdaemon.client.calls import Call, said, whole
from pmdaemon.control.messages.deploying import Checkout, DeploymentsResult, DeploymentView, LogItem

_deployment = itemgetter("deployment")

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What ids of deployments look like, and projects are not called."""


class Deployments:
    """Deployments, for programs that may block."""

    def __init__(
        self, do: Do, stream: Callable[[str, dict[str, object]], Generator[Any, None, None]]
    ) -> None:
        self._do = do
        self._stream = stream

    def deploy(
        self,
        project: str | None = None,
        *,
        checkout: Checkout | None = None,
        branch: str | None = None,
        commit: str | None = None,
    ) -> DeploymentView:
        """Request a deployment, and return it as it was queued.

        Args:
            project: by its slug or id.
            checkout: instead, a folder on this machine; its project is created if necessary.
            branch: by default, the project's.
            commit: of the branch; by default, its latest.

        """
        body = said(project=project, checkout=checkout, branch=branch, commit=commit)
        return self._do(Call[DeploymentView]("deploy", body, _deployment))

    def rollback(self, project: str, number: int | None = None) -> DeploymentView:
        """Run an earlier release again; without a number, the previous one."""
        return self._do(
            Call[DeploymentView]("rollback", said(project=project, number=number), _deployment)
        )

    def list(self, project: str | None = None, *, limit: int = 20) -> DeploymentsResult:
        """Return deployments, newest first."""
        return self._do(
            Call[DeploymentsResult]("deployments", said(project=project, limit=limit), whole)
        )

    def get(self, project: str, number: int | None = None) -> DeploymentView:
        """Return one deployment; without a number, the latest of its project.

        In place of a project, here and below, an id says which deployment is meant.
        """
        return self._do(Call[DeploymentView]("deployment", _named(project, number), _deployment))

    def cancel(self, project: str, number: int | None = None) -> DeploymentView:
        """Cancel a deployment that is queued or being built."""
        return self._do(_act("cancel", project, number))

    def restart(self, project: str, number: int | None = None) -> DeploymentView:
        """Run a deployment again, with the current variables; return the new one."""
        return self._do(_act("restart", project, number))

    def promote(self, project: str, number: int | None = None) -> DeploymentView:
        """Make a deployment the live one."""
        return self._do(_act("promote", project, number))

    def stop(self, project: str, number: int | None = None) -> DeploymentView:
        """Stop the programs of a live deployment."""
        return self._do(_act("stop", project, number))

    def remove(self, project: str, number: int | None = None) -> DeploymentView:
        """Delete a deployment that is not live, with its log and its release."""
        return self._do(_act("remove", project, number))

    def log(self, id_: str, *, since: int = 0) -> Generator[LogItem, None, None]:
        """Yield the lines of a log as they come; the last item is the finished deployment."""
        return self._stream("deployment_log", {"id": id_, "since": since})


class AsyncDeployments:
    """Deployments, for programs on an event loop; see `Deployments`."""

    def __init__(
        self, do: AsyncDo, stream: Callable[[str, dict[str, object]], AsyncGenerator[Any, None]]
    ) -> None:
        self._do = do
        self._stream = stream

    deploy = awaited(Deployments.deploy)
    rollback = awaited(Deployments.rollback)
    list = awaited(Deployments.list)
    get = awaited(Deployments.get)
    cancel = awaited(Deployments.cancel)
    restart = awaited(Deployments.restart)
    promote = awaited(Deployments.promote)
    stop = awaited(Deployments.stop)
    remove = awaited(Deployments.remove)

    def log(self, id_: str, *, since: int = 0) -> AsyncGenerator[LogItem, None]:
        """Yield the lines of a log as they come; the last item is the finished deployment."""
        return self._stream("deployment_log", {"id": id_, "since": since})


def _act(what: str, project: str, number: int | None) -> Call[DeploymentView]:
    return Call(f"deployment_{what}", _named(project, number), _deployment)


def _named(project: str, number: int | None) -> dict[str, object]:
    """Name a deployment: by its project and number, or else by an id."""
    if number is None and ID.fullmatch(project):
        return {"id": project}
    return said(project=project, number=number)

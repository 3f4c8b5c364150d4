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
        """Ask for a deployment, and return it as it waits.

        Args:
            project: by its slug or id.
            checkout: in place of that, a folder on this machine, whose project is made if need be.
            branch: the project's if not said.
            commit: of the branch; its latest if not said.

        """
        body = said(project=project, checkout=checkout, branch=branch, commit=commit)
        return self._do(Call[DeploymentView]("deploy", body, _deployment))

    def rollback(self, project: str, number: int | None = None) -> DeploymentView:
        """Ask for an earlier release to be run again: the one before if no number is said."""
        return self._do(
            Call[DeploymentView]("rollback", said(project=project, number=number), _deployment)
        )

    def list(self, project: str | None = None, *, limit: int = 20) -> DeploymentsResult:
        """Return deployments, the youngest first."""
        return self._do(
            Call[DeploymentsResult]("deployments", said(project=project, limit=limit), whole)
        )

    def get(self, project: str, number: int | None = None) -> DeploymentView:
        """Return one deployment; the latest of its project if no number is said.

        In place of a project, here and below, an id says which deployment is meant.
        """
        return self._do(Call[DeploymentView]("deployment", _named(project, number), _deployment))

    def cancel(self, project: str, number: int | None = None) -> DeploymentView:
        """End a deployment that waits or is built."""
        return self._do(_act("cancel", project, number))

    def restart(self, project: str, number: int | None = None) -> DeploymentView:
        """Have a deployment run anew, with the variables of now; return the new one."""
        return self._do(_act("restart", project, number))

    def promote(self, project: str, number: int | None = None) -> DeploymentView:
        """Have a deployment be the one that is live."""
        return self._do(_act("promote", project, number))

    def stop(self, project: str, number: int | None = None) -> DeploymentView:
        """Stop what runs of a deployment that is live."""
        return self._do(_act("stop", project, number))

    def remove(self, project: str, number: int | None = None) -> DeploymentView:
        """Forget a deployment that is not live, with its log and its release."""
        return self._do(_act("remove", project, number))

    def log(self, id_: str, *, since: int = 0) -> Generator[LogItem, None, None]:
        """Yield lines of a log as they come; the last item has the deployment at its end."""
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
        """Yield lines of a log as they come; the last item has the deployment at its end."""
        return self._stream("deployment_log", {"id": id_, "since": since})


def _act(what: str, project: str, number: int | None) -> Call[DeploymentView]:
    return Call(f"deployment_{what}", _named(project, number), _deployment)


def _named(project: str, number: int | None) -> dict[str, object]:
    """Name a deployment: by its project and number, or else by an id."""
    if number is None and ID.fullmatch(project):
        return {"id": project}
    return said(project=project, number=number)

"""Following a deployment to its end, and saying how that was."""

from typing import TYPE_CHECKING

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.render.deployments import line_text
from pmdaemon.core.errors import OperationFailed

if TYPE_CHECKING:
    from pmdaemon.control.messages.deploying import DeploymentView


def see_through(
    context: Context, deployment: "DeploymentView", *, detach: bool, json: bool
) -> None:
    """Say what was begun, and unless `detach` says not to, print its log until it has ended.

    Raises:
        OperationFailed: it has failed.

    """
    project, number = deployment["project"], deployment["number"]
    if not json:
        print(_announced(deployment), flush=True)
    if not detach:
        try:
            deployment = _followed(context, deployment, json=json)
        except KeyboardInterrupt:
            warn(
                f"deployment {number} goes on without you"
                f" (to end it: pmdaemon deployments {project} {number} --cancel)"
            )
            raise
    if deployment["status"] in {"failed", "stopped"}:
        reason = deployment["error"] or "it was stopped"
        raise OperationFailed(
            f"deployment {number} of {project} failed: {reason}",
            code="deployment_failed",
            project=project,
            number=number,
            reason=reason,
        )
    if json:
        say_json(deployment)


def _followed(context: Context, deployment: "DeploymentView", *, json: bool) -> "DeploymentView":
    terminal = context.terminal
    for item in context.client(start=False).deployments.log(deployment["id"]):
        for line in item.get("lines", ()):
            if not json:
                print(line_text(line, terminal), flush=True)
        deployment = item.get("deployment", deployment)
    return deployment


def _announced(deployment: "DeploymentView") -> str:
    said = f"deployment {deployment['number']} of {deployment['project']}"
    if deployment["rollback_of"] is not None:
        said += f": back to release {deployment['release']}"
    return said

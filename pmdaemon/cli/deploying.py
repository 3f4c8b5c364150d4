"""Following a deployment to its end, and saying how that was."""

from typing import TYPE_CHECKING

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.render.deployments import line_text
from pmdaemon.control.channel import HungUp
from pmdaemon.core.errors import DaemonNotRunning, DaemonUnavailable, OperationFailed

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
            deployment = follow(context, deployment, quiet=json)
        except KeyboardInterrupt:
            warn(
                f"deployment {number} continues without you"
                f" (to cancel it: pmdaemon deployments {project} {number} --cancel)"
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


def follow(context: Context, deployment: "DeploymentView", *, quiet: bool) -> "DeploymentView":
    """Print the log of a deployment to its end, `quiet` or not, whichever daemon it is that ends.

    Raises:
        DaemonUnavailable: the daemon has ended, and there is no other to go on.

    """
    project, number = deployment["project"], deployment["number"]
    terminal, read_to = context.terminal, 0
    while True:
        try:
            for item in context.client(start=False).deployments.log(
                deployment["id"], since=read_to
            ):
                for line in item.get("lines", ()):
                    read_to = line["number"]
                    if not quiet:
                        print(line_text(line, terminal), flush=True)
                deployment = item.get("deployment", deployment)
        except HungUp:
            warn(f"the daemon has ended; waiting for the next one to follow deployment {number}")
        except DaemonNotRunning as error:
            raise DaemonUnavailable(
                f"the daemon has ended; what became of deployment {number} is told by:"
                f" pmdaemon deployments {project} {number}",
            ) from error
        else:
            return deployment


def _announced(deployment: "DeploymentView") -> str:
    said = f"deployment {deployment['number']} of {deployment['project']}"
    if deployment["rollback_of"] is not None:
        said += f": back to release {deployment['release']}"
    return said

"""How a deployment that was brought live stands, told by what its apps are doing."""

from collections.abc import Iterable

from pmdaemon.core.deployments import (
    AppCameBack,
    AppFailed,
    AppStopped,
    Deployment,
    DeploymentStatus,
    Event,
)
from pmdaemon.core.process import Errored, Exited, Online, Process, Stopped, Wish


def event_for(deployment: Deployment, processes: Iterable[Process]) -> Event | None:
    """Say what has become of a deployment; None when it is as it was said to be.

    Jobs run when they are due, and say nothing about it.
    """
    lasting = [one for one in processes if one.spec.job is None]
    failed = next((one for one in lasting if isinstance(one.state, Errored)), None)
    status = deployment.status
    if failed is not None and isinstance(failed.state, Errored):
        reason = f"{failed.name}: {failed.state.reason}"
        return AppFailed(reason) if status is not DeploymentStatus.FAILED else None
    is_down = all(_is_down(one) for one in lasting)
    if is_down:
        return AppStopped() if status is not DeploymentStatus.STOPPED else None
    is_up = any(isinstance(one.state, Online) for one in lasting)
    if is_up and status is not DeploymentStatus.RUNNING:
        return AppCameBack()
    return None


def _is_down(process: Process) -> bool:
    return process.wish is not Wish.UP or isinstance(process.state, Stopped | Exited)

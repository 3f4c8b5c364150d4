"""What is asked and told about deployments over the control channel."""

from typing import NotRequired, TypedDict


class Checkout(TypedDict):
    """A checkout that somebody stands in: its folder, its name, where it came from, its branch."""

    path: str
    name: str
    origin: NotRequired[str]
    branch: NotRequired[str]


class DeployBody(TypedDict):
    """`deploy`: a project by its slug or id, or the one of a checkout, made if there is none."""

    project: NotRequired[str]
    checkout: NotRequired[Checkout]
    branch: NotRequired[str]
    commit: NotRequired[str]


class DeploymentsBody(TypedDict):
    """`deployments`: those of a project, or all, the youngest first."""

    project: NotRequired[str]
    limit: NotRequired[int]


class DeploymentBody(TypedDict):
    """The deployment that `deployment` shows.

    It is what `deployment_cancel`, `deployment_restart`, `deployment_promote`, `deployment_stop`
    and `deployment_remove` are about, too: one of a project by its number, or one by its id.
    Without a number it is the last of the project.
    """

    project: NotRequired[str]
    number: NotRequired[int]
    id: NotRequired[str]


class RollbackBody(TypedDict):
    """`rollback`: to a deployment of a project; without a number, to the last that was live."""

    project: str
    number: NotRequired[int]


class DeploymentLogBody(TypedDict):
    """`deployment_log`: the lines of a log after number `since`, until it has ended."""

    id: str
    since: NotRequired[int]


class LineView(TypedDict):
    """A line of a deployment's log; `time` is in seconds since the epoch."""

    number: int
    level: str
    stream: str
    message: str
    time: float


class DeploymentView(TypedDict):
    """A deployment, as clients see it; times are in seconds since the epoch.

    `live` is whether it is the one that is live, `kept` whether it can be gone back to.
    """

    id: str
    project: str
    number: int
    status: str
    phase: str | None
    phases: dict[str, float]
    origin: str
    branch: str
    commit: str
    message: str
    rollback_of: str | None
    release: int | None
    url: str
    error: str
    app: str
    live: bool
    kept: bool
    created: float
    started: float | None
    finished: float | None


class DeploymentsResult(TypedDict):
    """Deployments, and how many there are in all."""

    deployments: list[DeploymentView]
    total: int


class LogItem(TypedDict):
    """What came of a log; the last item has the deployment as it is then."""

    lines: NotRequired[list[LineView]]
    deployment: NotRequired[DeploymentView]

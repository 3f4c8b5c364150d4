"""What a deployment is, and every way in which one status becomes another.

A deployment is the attempt to bring a commit of a project live; a *release* is what it leaves on
disk. It waits in a queue, is built phase by phase, and then either runs or has failed. What runs
follows its app: it is stopped when the app is, fails when the app is given up, and runs again when
the app does. Whatever is not in `MOVES` is refused, and nothing happens.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.platform_errors import Missing


class DeploymentStatus(StrEnum):
    """How far a deployment is, in the words of its API."""

    QUEUED = "queued"
    BUILDING = "building"
    RUNNING = "running"
    FAILED = "failed"
    STOPPED = "stopped"


class Phase(StrEnum):
    """What is being done while a deployment is building, in this order."""

    FETCH = "fetch"
    INSTALL = "install"
    BUILD = "build"
    RELEASE = "release"
    START = "start"


class Origin(StrEnum):
    """Who asked for a deployment."""

    API = "api"
    CLI = "cli"
    PUSH = "push"
    WEBHOOK = "webhook"


class LogLevel(StrEnum):
    """How grave a line of a deployment's log is."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    DEBUG = "debug"
    SUCCESS = "success"


class LogStream(StrEnum):
    """Who wrote a line of a deployment's log: a command it ran, or the deployer itself."""

    STDOUT = "stdout"
    STDERR = "stderr"
    SYSTEM = "system"


class Deployment(Struct, frozen=True, kw_only=True):
    """One attempt to bring a commit of a project live.

    `number` counts a project's deployments. `rollback_of` is the deployment whose release is used
    again, `release` the number of the release that it made or uses. `app` is the name under which
    it runs, once it does. `phases` are the seconds that each phase took. Times are in seconds since
    the epoch; `finished` is when it came to run, or failed. `begun` is how often it was begun.
    """

    id: str
    project_id: str
    user_id: str
    number: int
    status: DeploymentStatus = DeploymentStatus.QUEUED
    origin: Origin = Origin.API
    branch: str = ""
    commit_sha: str = ""
    commit_msg: str = ""
    rollback_of: str | None = None
    release: int | None = None
    url: str = ""
    error_msg: str = ""
    app: str = ""
    phase: Phase | None = None
    phases: Mapping[str, float] = {}
    created: float
    updated: float
    started: float | None = None
    finished: float | None = None
    begun: int = 0

    @property
    def is_final(self) -> bool:
        """Whether its log has come to its end: it runs, or it never will."""
        return self.status not in {DeploymentStatus.QUEUED, DeploymentStatus.BUILDING}


class DeploymentLine(Struct, frozen=True, kw_only=True):
    """One line of a deployment's log; `number` counts them from 1, and is a cursor."""

    number: int
    level: LogLevel
    stream: LogStream
    message: str
    at: float


class DeploymentConflict(OperationFailed):
    """Something asked of a deployment, or a project, that does not go with how far it is."""

    code = "deployment_conflict"


class DeploymentNotFound(Missing):
    """An id that no deployment has, or none of the caller's."""

    code = "deployment_not_found"

    def __init__(self, sentence: str = "deployment not found") -> None:
        super().__init__(sentence)


# What happens to a deployment.


class Begun(Struct, frozen=True):
    """Its turn in the queue has come."""


class PhaseBegun(Struct, frozen=True):
    """The phase before is over, and this one goes on."""

    phase: Phase


class PutBack(Struct, frozen=True):
    """It waits again, as if it had never been begun."""


class CommitFound(Struct, frozen=True):
    """What is to be built is known."""

    sha: str
    message: str


class ReleaseMade(Struct, frozen=True):
    """There are files to run from."""

    number: int


class WentLive(Struct, frozen=True):
    """Its app is ready, and gets the requests."""

    app: str
    url: str


class GaveUp(Struct, frozen=True):
    """It cannot be brought live, for this reason."""

    reason: str


class Replaced(Struct, frozen=True):
    """A later deployment runs in its place."""


class AppStopped(Struct, frozen=True):
    """Somebody stopped its app, or the app ended and is left alone."""


class AppFailed(Struct, frozen=True):
    """Its app was given up, for this reason."""

    reason: str


class AppCameBack(Struct, frozen=True):
    """Its app runs again."""


Event = (
    Begun
    | PhaseBegun
    | PutBack
    | CommitFound
    | ReleaseMade
    | WentLive
    | GaveUp
    | Replaced
    | AppStopped
    | AppFailed
    | AppCameBack
)

_S = DeploymentStatus

MOVES: Mapping[tuple[DeploymentStatus, type[Event]], DeploymentStatus] = {
    (_S.QUEUED, Begun): _S.BUILDING,
    (_S.QUEUED, GaveUp): _S.FAILED,
    (_S.BUILDING, PhaseBegun): _S.BUILDING,
    (_S.BUILDING, PutBack): _S.QUEUED,
    (_S.BUILDING, CommitFound): _S.BUILDING,
    (_S.BUILDING, ReleaseMade): _S.BUILDING,
    (_S.BUILDING, WentLive): _S.RUNNING,
    (_S.BUILDING, GaveUp): _S.FAILED,
    (_S.RUNNING, Replaced): _S.STOPPED,
    (_S.RUNNING, AppStopped): _S.STOPPED,
    (_S.RUNNING, AppFailed): _S.FAILED,
    (_S.STOPPED, AppCameBack): _S.RUNNING,
    (_S.STOPPED, AppFailed): _S.FAILED,
    (_S.STOPPED, Replaced): _S.STOPPED,
    (_S.FAILED, AppCameBack): _S.RUNNING,
    (_S.FAILED, AppStopped): _S.STOPPED,
    (_S.FAILED, Replaced): _S.FAILED,
}
"""Which status follows on which event."""


def step(deployment: Deployment, event: Event, now: float) -> Deployment:
    """Return the deployment as it is after an event; `now` is in seconds since the epoch.

    Raises:
        DeploymentConflict: this cannot happen to it as it is.

    """
    status = MOVES.get((deployment.status, type(event)))
    if status is None:
        raise DeploymentConflict(
            f"deployment {deployment.number} is {deployment.status}", status=deployment.status
        )
    moved = replace(_with(deployment, event, now), status=status, updated=now)
    if status is _S.QUEUED:
        return replace(moved, phase=None, phases={})
    if deployment.status is _S.BUILDING and status is not _S.BUILDING:
        moved = replace(moved, phase=None, phases=_clocked(deployment, now))
    return moved if deployment.is_final or not moved.is_final else replace(moved, finished=now)


def _with(deployment: Deployment, event: Event, now: float) -> Deployment:
    match event:
        case Begun():
            return replace(deployment, started=now, begun=deployment.begun + 1)
        case PhaseBegun(phase):
            return replace(deployment, phase=phase, phases=_clocked(deployment, now))
        case PutBack():
            made = deployment.release if deployment.rollback_of is not None else None
            return replace(deployment, started=None, release=made)
        case CommitFound(sha, message):
            return replace(deployment, commit_sha=sha, commit_msg=message)
        case ReleaseMade(number):
            return replace(deployment, release=number)
        case WentLive(app, url):
            return replace(deployment, app=app, url=url)
        case GaveUp(reason) | AppFailed(reason):
            return replace(deployment, error_msg=reason)
        case AppCameBack():
            return replace(deployment, error_msg="")
        case Replaced() | AppStopped():
            return deployment
        case unknown:
            assert_never(unknown)


def _clocked(deployment: Deployment, now: float) -> Mapping[str, float]:
    """Write down how long the phase took that is over: from the end of those before it."""
    if deployment.phase is None or deployment.started is None:
        return deployment.phases
    before = deployment.started + sum(deployment.phases.values())
    return {**deployment.phases, deployment.phase: round(max(0.0, now - before), 3)}


def can_begin_again(deployment: Deployment) -> bool:
    """Tell whether one that is building has touched nothing yet but its own release.

    The release command has: what it did to a database may not bear being done twice.
    """
    return deployment.phase not in {Phase.RELEASE, Phase.START}


def is_to_make_way(waiting: Deployment, newer: Deployment) -> bool:
    """Tell whether one that waits is not to be built any more, as a newer one is asked for.

    What is to go live later hides what is to go live before; but whoever asked to go back to an
    older release has that done, in its turn.
    """
    is_of_project = waiting.project_id == newer.project_id
    return is_of_project and waiting.status is _S.QUEUED and waiting.rollback_of is None

"""What a deployment is."""

from enum import StrEnum

from msgspec import Struct


class DeploymentStatus(StrEnum):
    """How far a deployment is, in the words of its API."""

    QUEUED = "queued"
    BUILDING = "building"
    RUNNING = "running"
    FAILED = "failed"
    STOPPED = "stopped"


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
    again. `app` is the name under which it runs, once it does. Times are in seconds since the
    epoch.
    """

    id: str
    project_id: str
    user_id: str
    number: int
    status: DeploymentStatus = DeploymentStatus.QUEUED
    branch: str = ""
    commit_sha: str = ""
    commit_msg: str = ""
    rollback_of: str | None = None
    url: str = ""
    error_msg: str = ""
    app: str = ""
    created: float
    updated: float
    started: float | None = None
    finished: float | None = None


class DeploymentLine(Struct, frozen=True, kw_only=True):
    """One line of a deployment's log; `number` counts them from 1, and is a cursor."""

    number: int
    level: LogLevel
    stream: LogStream
    message: str
    at: float

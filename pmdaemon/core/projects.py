"""What is deployed: projects, the variables their programs get, and the domains they answer at."""

from enum import StrEnum

from msgspec import Struct


class EnvScope(StrEnum):
    """Where a variable is set: while a release is built, while it runs, or both."""

    BUILD = "build"
    RUN = "run"
    BOTH = "both"


class ProjectStatus(StrEnum):
    """Whether a project is live, in the words of its API."""

    INACTIVE = "inactive"
    BUILDING = "building"
    ACTIVE = "active"


class Project(Struct, frozen=True, kw_only=True):
    """A repository that is deployed, and how.

    `slug` is unique, made of the name: the host below the gateway's domain, and the beginning of
    the names of its apps. Commands that are empty are found out from the repository. `run_dir` is
    the folder in the repository that is built and run. `health_path` is asked until a new release
    is ready; without one its port is tried. `drain` is in seconds, how long an old release may
    finish what it is answering. `keep` is how many releases stay to roll back to. `build_timeout`
    and `start_timeout` are in seconds and `build_memory` in bytes, each 0 where what holds for all
    projects will do. Times are in seconds since the epoch.
    """

    id: str
    user_id: str
    name: str
    slug: str
    repo_url: str
    branch: str = "main"
    install_command: str = ""
    build_command: str = ""
    start_command: str = ""
    port: int = 3000
    framework: str = ""
    run_dir: str = ""
    health_path: str = ""
    drain: float = 30.0
    keep: int = 5
    build_timeout: float = 0.0
    start_timeout: float = 0.0
    build_memory: int = 0
    created: float
    updated: float


class EnvVariable(Struct, frozen=True, kw_only=True):
    """A variable of a project; its value is kept sealed, and opened for the program alone."""

    id: str
    project_id: str
    key: str
    sealed: bytes
    scope: EnvScope = EnvScope.BOTH
    created: float
    updated: float


class Domain(Struct, frozen=True, kw_only=True):
    """A host name of one's own for a project.

    It is routed when it is `verified`: by its owner, who showed the `proof` at it, or by an
    administrator.
    """

    id: str
    project_id: str
    user_id: str
    host: str
    proof: str
    verified: bool = False
    created: float
    updated: float


class WebhookProvider(StrEnum):
    """Who calls a webhook, and so how a call is signed."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"


class Webhook(Struct, frozen=True, kw_only=True):
    """An address at which a forge says that something was pushed.

    `sealed` is the secret by which calls are signed. Without a `branch`, pushes to the project's
    branch are deployed.
    """

    id: str
    project_id: str
    user_id: str
    provider: WebhookProvider
    branch: str = ""
    sealed: bytes
    created: float

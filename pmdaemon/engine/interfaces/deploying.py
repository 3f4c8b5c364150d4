"""What deploying needs of the world, in small pieces."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.deployments import Deployment, DeploymentLine, DeploymentStatus
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.process import Exit
from pmdaemon.core.projects import EnvScope, Project
from pmdaemon.core.releases import Listing, Release

Say = Callable[[str], bool | None]
"""Takes a line of what a command says; False says that no more of it is wanted."""


class FetchFailed(PmdaemonError):
    """Code that cannot be had; the sentence says why."""

    code = "fetch_failed"


class CannotRelease(PmdaemonError):
    """A commit of which no release can be made; the sentence says why."""

    code = "cannot_release"


class Commit(Struct, frozen=True):
    """A commit that is there: its whole name, and the first line of its message."""

    sha: str
    message: str


class FetchOrder(Struct, frozen=True, kw_only=True):
    """What is to be fetched: a branch, or a commit of it.

    `name` is that of the command that does it; see `BuildOrder`. `token` opens a repository that is
    not for everybody. Who is `trusted` may fetch from this machine as well. `timeout` is in
    seconds.
    """

    project_id: str
    name: str
    repo_url: str
    branch: str
    sha: str = ""
    token: str = ""
    trusted: bool = False
    timeout: float = 600.0

    def __repr__(self) -> str:
        return f"FetchOrder(project_id={self.project_id!r}, branch={self.branch!r})"


class Repositories(Protocol):
    """Code, a copy of each project's repository with its history or a part of it."""

    async def fetch(self, order: FetchOrder, say: Say) -> Commit:
        """Have a commit here; one that is here already is not asked for again.

        Raises:
            FetchFailed: it cannot be had.

        """

    async def check_out(
        self, project_id: str, sha: str, folder: str, say: Say, *, name: str
    ) -> None:
        """Write the files of a commit into a folder that is not there yet.

        Raises:
            CannotRelease: there are too many of them, or links lead out of the folder.

        """


class CodeRequest(Struct, frozen=True, kw_only=True):
    """A request of git's smart HTTP protocol, for the repository of a project.

    `service` is its path in that: `info/refs`, `git-upload-pack` or `git-receive-pack`. `protocol`
    is what came as `Git-Protocol`.
    """

    project_id: str
    service: str
    method: str
    query: str = ""
    content_type: str = ""
    protocol: str = ""
    user: str = ""


class CodeAnswer(Struct, frozen=True):
    """An answer of git; `body` goes on for as long as git has something to say."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: AsyncGenerator[bytes, None]


class CodeServer(Protocol):
    """Speaks git's smart HTTP protocol (gitprotocol-http(5))."""

    async def answer(self, request: CodeRequest, body: AsyncIterator[bytes]) -> CodeAnswer:
        """Have git answer a request.

        Raises:
            PmdaemonError: it cannot be run.

        """

    async def branches(self, project_id: str) -> Mapping[str, str]:
        """List the branches that were pushed, each with its commit."""


class ReleaseFolders(Protocol):
    """Where releases are on disk."""

    def make(self, project_id: str, name: str) -> str:
        """Choose the folder of a new release, and return its path; it is not made yet."""

    def build_home(self, project_id: str) -> str:
        """Return the folder that commands of a project have for their home."""

    def listing(self, folder: str, run_dir: str) -> Listing:
        """Look at the files of a release.

        Raises:
            CannotRelease: there is no such folder in it.

        """

    def shared(self, project_id: str) -> str:
        """Return the folder in which the programs of a project keep what outlives a release."""

    def exists(self, folder: str) -> bool:
        """Whether a release is still there."""

    def point_at(self, project_id: str, folder: str) -> None:
        """Have `current` of a project lead to a release."""

    async def keep_only(self, project_id: str, folders: Collection[str]) -> None:
        """Remove all releases of a project but these."""

    async def remove(self, project_id: str) -> None:
        """Remove all that there is of a project."""

    def forget_output(self, slug: str, number: int | None = None) -> None:
        """Remove what the programs of a project printed: up to a deployment, or all of it."""

    def free_bytes(self) -> int:
        """Say how much room is left."""


class BuildOrder(Struct, frozen=True, kw_only=True):
    """A command line for a shell, run with an environment of its own and nothing inherited.

    `name` tells its processes from all others of this home, also when this daemon has died.
    `timeout` is in seconds, `memory` in bytes; None is as much as there is. Of the home, it sees
    the `visible_folders` alone.
    """

    name: str
    command: str
    cwd: str
    env: Mapping[str, str]
    timeout: float
    memory: int | None = None
    processes: int = 512
    visible_folders: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"BuildOrder(name={self.name!r}, env=<hidden>)"


class BuildOutcome(Struct, frozen=True):
    """How a command ended; without an `exit` it was ended, or never began: `reason` says why."""

    exit: Exit | None
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it called itself a success."""
        return self.exit is not None and self.exit.clean


class Builder(Protocol):
    """Runs commands that build, and ends all that they leave behind."""

    async def run(self, order: BuildOrder, out: Say, err: Say) -> BuildOutcome:
        """Run one; whatever goes wrong is the outcome. When cancelled, it is ended first."""

    async def end_leftovers(self, name: str) -> int:
        """End what a former daemon left of a command; return how many processes that were."""


class LogQuery(Struct, frozen=True, kw_only=True):
    """Which lines of a log are wanted: those after number `since`, the first `limit` of them."""

    levels: frozenset[str] = frozenset()
    streams: frozenset[str] = frozenset()
    since: int = 0
    limit: int | None = None


class DeploymentLogs(Protocol):
    """The logs of deployments."""

    def append(self, deployment: Deployment, lines: Sequence[DeploymentLine]) -> None:
        """Write lines down; a disk that is full costs the lines and nothing more."""

    def read(self, deployment: Deployment, query: LogQuery) -> Sequence[DeploymentLine]:
        """Read lines, oldest first."""

    def read_on(
        self, deployment: Deployment, position: int
    ) -> tuple[Sequence[DeploymentLine], int]:
        """Read what came behind a position, and say where to read on; 0 is the beginning."""

    def latest(self, deployment: Deployment) -> tuple[int, int]:
        """Say the number of the last line, and how many bytes there are; zeros without a log."""

    def remove(self, deployment: Deployment) -> None:
        """Remove a log, if there is one."""


class DeploymentQuery(Struct, frozen=True, kw_only=True):
    """Which deployments are wanted, the youngest first."""

    projects: frozenset[str] | None = None
    users: frozenset[str] | None = None
    statuses: frozenset[DeploymentStatus] | None = None
    apps: frozenset[str] | None = None
    limit: int | None = None
    offset: int = 0


class DeploymentStore(Protocol):
    """Remembers deployments and releases."""

    async def add(self, deployment: Deployment) -> Deployment:
        """Write a new one down, with the next number of its project.

        Raises:
            StoreUnavailable: nothing was written.

        """

    async def save(self, *deployments: Deployment) -> None:
        """Write down how they are now, all or none.

        Raises:
            StoreUnavailable: nothing was written.

        """

    async def get(self, deployment_id: str) -> Deployment | None:
        """Find one."""

    async def find(self, query: DeploymentQuery) -> Sequence[Deployment]:
        """List what fits."""

    async def count(self, query: DeploymentQuery) -> int:
        """Say how many fit, whatever limit and offset are."""

    async def remove(self, deployment_id: str) -> None:
        """Forget one."""

    async def add_release(self, release: Release) -> None:
        """Write a release down."""

    async def releases(self, project_id: str) -> Sequence[Release]:
        """List the releases of a project, the youngest first."""

    async def remove_releases(self, project_id: str, numbers: Collection[int]) -> None:
        """Forget releases."""

    async def forget(self, project_id: str) -> None:
        """Forget all deployments and releases of a project."""


class Projects(Protocol):
    """What is to be known of projects."""

    def find(self, requested: str) -> Project | None:
        """Find a project by its id or slug."""

    def environment(self, project_id: str, scope: EnvScope) -> Mapping[str, str]:
        """Open the variables of a project.

        Raises:
            PmdaemonError: they cannot be opened.

        """

    def hosts(self, project_id: str) -> Sequence[str]:
        """List the host names of its own that a project is to be routed at."""

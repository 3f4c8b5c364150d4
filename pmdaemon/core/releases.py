"""What a release is: files on disk, and how they are built and run."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class ProgramKind(StrEnum):
    """What a program of a release is for: it answers requests, works, or runs when it is due."""

    WEB = "web"
    WORKER = "worker"
    CRON = "cron"


class Program(Struct, frozen=True, kw_only=True):
    """A program of a release: a command line, and for `cron` when it is due.

    `is_static` is for a web program that is a folder to be served, which is then its `command`;
    with `has_one_page`, what is not there is answered with its home page.
    """

    kind: ProgramKind
    name: str
    command: str
    schedule: str = ""
    is_static: bool = False
    has_one_page: bool = False


class ReleasePlan(Struct, frozen=True, kw_only=True):
    """How a release is built and run, found out from its files.

    `run_dir` is the folder in it where all of that happens. A command that is empty is not run.
    `path` are folders of the release, before others in the search path of all of its commands and
    programs; `build_env` and `run_env` are variables beside those of the project. `reasons` say in
    words how all of it was found out.
    """

    runtime: str
    run_dir: str = ""
    install: str = ""
    build: str = ""
    release: str = ""
    programs: tuple[Program, ...] = ()
    path: tuple[str, ...] = ()
    build_env: Mapping[str, str] = {}
    run_env: Mapping[str, str] = {}
    reasons: tuple[str, ...] = ()

    @property
    def web(self) -> Program | None:
        """The program that answers requests, if there is one."""
        return next((one for one in self.programs if one.kind is ProgramKind.WEB), None)


class Release(Struct, frozen=True, kw_only=True):
    """Files that were built and are kept, to be run again whenever that is wished for.

    `number` is that of the deployment that made it, `folder` an absolute path.
    """

    project_id: str
    number: int
    deployment_id: str
    commit_sha: str
    commit_msg: str = ""
    branch: str = ""
    folder: str
    plan: ReleasePlan
    created: float


class Listing(Struct, frozen=True):
    """What is seen of a repository: the names in its folder, and the texts of the files that tell.

    Folders end in a slash.
    """

    names: frozenset[str]
    texts: Mapping[str, str] = {}

    def has(self, *names: str) -> bool:
        """Whether one of these is there."""
        return not self.names.isdisjoint(names)

    def first(self, *names: str) -> str | None:
        """Find the first of these that is there."""
        return next((name for name in names if name in self.names), None)

    def text(self, name: str) -> str:
        """Read one of the files that tell; empty when it is not there."""
        return self.texts.get(name, "")


class Overrides(Struct, frozen=True, kw_only=True):
    """What the owner of a project has said: commands, which beat all that could be found out."""

    install: str = ""
    build: str = ""
    start: str = ""
    run_dir: str = ""

"""What deployments may take."""

from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.core.projects import Project

GIB = 1024**3
MIB = 1024**2


class DeployLimits(Struct, frozen=True, kw_only=True):
    """Seconds for each step, bytes and numbers of what a step may use.

    `fetch`, `install`, `build`, `release` and `start` are seconds. `memory` and `processes` are of
    one command, with all that it started. `log` is what commands of a deployment print. A
    `repository` is measured packed, its `files` as they are checked out. Below `free` bytes of disk
    nothing is begun. `builds` go on at once. `keep` is how many releases a new project keeps.
    """

    fetch: float = 600.0
    install: float = 900.0
    build: float = 900.0
    release: float = 300.0
    start: float = 60.0
    memory: int = 4 * GIB
    processes: int = 512
    log: int = 10 * MIB
    repository: int = GIB
    files: int = 2 * GIB
    free: int = 256 * MIB
    builds: int = 2
    keep: int = 5


def limits_of(project: Project, limits: DeployLimits, *, trusted: bool) -> DeployLimits:
    """Say what the deployments of a project may take.

    What a project says itself goes beyond what holds for all only if it is an administrator's, who
    is `trusted`.
    """

    def chosen(own: float, usual: float) -> float:
        return own if own and (trusted or own < usual) else usual

    return replace(
        limits,
        install=chosen(project.build_timeout, limits.install),
        build=chosen(project.build_timeout, limits.build),
        start=chosen(project.start_timeout, limits.start),
        memory=int(chosen(project.build_memory, limits.memory)),
    )

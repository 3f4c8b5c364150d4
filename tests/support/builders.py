"""Apps and processes for tests, complete but for what a test is about."""

from typing import Any

from msgspec.structs import replace

from pmdaemon.core.process import Exit, Identity, Instant, Process, Run
from pmdaemon.core.spec import AppSpec, Command

_APP = AppSpec(
    name="web",
    command=Command("server.js", (), None, ("/usr/bin/node", "/srv/server.js")),
    cwd="/srv",
)

NOW = Instant(wall=1_700_000_000.0, monotonic=1000.0)

CLEAN = Exit(code=0)
FAILED = Exit(code=1)


def an_app(**changes: Any) -> AppSpec:
    """Build an app; `changes` are fields of `AppSpec`."""
    return replace(_APP, **changes)


def a_process(**changes: Any) -> Process:
    """Build a process that is stopped and wanted up; `changes` are fields of `Process`."""
    return replace(Process(pm_id=0, instance=0, spec=_APP, created=NOW), **changes)


def a_run(pid: int = 4711, since: Instant = NOW) -> Run:
    """Build one life of a program."""
    return Run(Identity(pid, start_time=pid * 100), since)


def later(seconds: float, than: Instant = NOW) -> Instant:
    """Move on both clocks."""
    return Instant(than.wall + seconds, than.monotonic + seconds)

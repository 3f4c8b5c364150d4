"""Processes in the midst of their lives, as the tests of the lifecycle meet them."""

from typing import Any

from msgspec.structs import replace

from pmdaemon.core.effects import SetTimer, Timer
from pmdaemon.core.lifecycle import step
from pmdaemon.core.lifecycle_events import Event, ProcessExited, SessionEmptied
from pmdaemon.core.process import Cause, Exit, Process, Starting, State, Stopping, Wish
from pmdaemon.core.spec import AppSpec, Command, Dependency, Job, Readiness, Schedule
from tests.support.builders import NOW, a_process, a_run, an_app
from tests.support.playbook import Playbook

RUN = a_run()
OTHER_RUN = a_run(pid=815)
WAITING = Starting(RUN)
DRAINING = Stopping(RUN, Cause.REPLACED, draining=True)

ENDED = ProcessExited(RUN.identity, Exit(signal=2)), SessionEmptied(RUN.identity, NOW)
"""What is told when a run has ended by its stop signal, whole."""

EPOCH = 7
"""That of a process before anything is told."""

GRACE = 1.6
DUE = NOW.wall + 3600
JOB = Job(Schedule("@daily"))

TOLD = an_app(ready=Readiness(told=True, timeout=3.0))
NODE_CLUSTER = an_app(exec_mode="cluster")
PYTHON = an_app(command=Command("app.py", (), None, ("/usr/bin/python3", "/srv/app.py")))


def in_state(state: State, **changes: Any) -> Process:
    """Build a process that is wished up, or, while it ends, down."""
    wish = Wish.DOWN if isinstance(state, Stopping) else Wish.UP
    return a_process(**{"state": state, "wish": wish, "epoch": EPOCH, "launch": EPOCH, **changes})


def waiting(**changes: Any) -> Playbook:
    """Begin with one that is to say that it is ready."""
    return Playbook(in_state(WAITING, **{"spec": TOLD, **changes}))


def coming(state: State, **changes: Any) -> Playbook:
    """Begin with a replacement that is to take over."""
    return Playbook(in_state(state, **{"pm_id": -1, "replaces": 0, "wish": Wish.UP, **changes}))


def leaving(state: State, **changes: Any) -> Process:
    """Build the other one of a reload that is not wanted any more."""
    usual = {"pm_id": -1, "replaces": 0, "wish": Wish.GONE, "spec": NODE_CLUSTER}
    return in_state(state, **{**usual, **changes})


def with_dependency(state: State, **changes: Any) -> Process:
    """Build a process that depends on another."""
    return in_state(state, spec=an_app(depends_on=(Dependency("db"),)), **changes)


def a_job(overlap: str = "skip") -> AppSpec:
    """Declare a job."""
    return an_app(job=replace(JOB, overlap=overlap))


def grace(epoch: int, seconds: float = GRACE, *, pm_id: int = 0) -> SetTimer:
    """Say that the time for an end is set."""
    return SetTimer(pm_id, epoch, Timer.GRACE, seconds)


def grace_of_twin(epoch: int, seconds: float = GRACE) -> SetTimer:
    """Say so of the other one of a reload."""
    return grace(epoch, seconds, pm_id=-1)


def gone_through(process: Process, *events: Event) -> Process:
    """Tell what becomes of a process by all of these."""
    for event in events:
        process, _ = step(process, event)
    return process

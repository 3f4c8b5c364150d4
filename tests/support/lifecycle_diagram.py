"""The state diagram in docs/lifecycle.md, drawn by trying every event in every state.

    python -m tests.support.lifecycle_diagram

writes it anew.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

from pmdaemon.core import effects as to_do
from pmdaemon.core import lifecycle as life
from pmdaemon.core import lifecycle_events as happened
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Online,
    Process,
    Run,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import Dependency, Job, RestartPolicy, Schedule
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run, an_app, later

DOCUMENT = Path(__file__).parents[2] / "docs" / "lifecycle.md"
BEGIN, END = "<!-- diagram: drawn from the code -->\n", "<!-- end of diagram -->\n"

RUN = a_run()

STATES = (
    Stopped(),
    Starting(),
    Starting(RUN),
    Online(RUN),
    Online(RUN, ready=False),
    *(
        Stopping(RUN, cause, exit=ended, killed=killed)
        for cause, ended, killed in itertools.product(Cause, (None, CLEAN, FAILED), (False, True))
    ),
    Backoff(NOW, 1.0),
    Exited(),
    Errored("why"),
)

POLICIES = (
    RestartPolicy(),
    RestartPolicy(autorestart=False),
    RestartPolicy(max_restarts=1),
    RestartPolicy(restart_delay=1.0),
)

SPECS = (
    *(an_app(restart=policy) for policy in POLICIES),
    an_app(job=Job(Schedule("@daily"), overlap="queue")),
    an_app(job=Job(Schedule("@daily"), overlap="replace")),
    an_app(depends_on=(Dependency("db"),)),
)

EPOCH = 7


def events() -> list[happened.Event]:
    """List every event, each in all ways that matter and none that comes too late."""
    return [
        happened.StartRequested(),
        happened.StopRequested(),
        happened.RestartRequested(),
        happened.DeleteRequested(),
        happened.BlockRequested(),
        happened.UnblockRequested(),
        happened.ShutdownBegan(),
        happened.ResetRequested(NOW),
        happened.SignalRequested("SIGUSR2"),
        happened.Spawned(EPOCH, RUN),
        happened.BecameReady(RUN.identity, told=True),
        happened.ReadyTimeElapsed(EPOCH),
        happened.Drained(RUN.identity),
        happened.DrainTimeElapsed(EPOCH),
        happened.SpawnFailed(EPOCH, "why", transient=False, at=NOW),
        happened.SpawnFailed(EPOCH, "why", transient=True, at=NOW),
        happened.ProcessExited(RUN.identity, CLEAN),
        happened.SessionEmptied(RUN.identity, later(10)),
        happened.GraceElapsed(EPOCH, ()),
        happened.GraceElapsed(EPOCH, (RUN.identity.pid,)),
        happened.BackoffElapsed(EPOCH),
        happened.MemoryExceeded(RUN.identity),
        happened.HealthFailed(RUN.identity),
        happened.TimeExceeded(RUN.identity),
        happened.EndFellDue(RUN.identity),
        happened.FellDue(NOW.wall, NOW),
        happened.DependenciesMet(),
        happened.DependencyFailed("why"),
        *(
            happened.DaemonStarted(NOW, run, rebooted=rebooted, exit=Exit())
            for run, rebooted in ((RUN, False), (None, False), (None, True))
        ),
    ]


def processes() -> Iterator[Process]:
    """List processes in every state, under every wish that may go with it."""
    for state, wish, spec in itertools.product(STATES, Wish, SPECS):
        process = a_process(state=state, wish=wish, epoch=EPOCH, launch=EPOCH, spec=spec)
        if is_possible(process):
            yield process


def is_possible(process: Process) -> bool:
    """Tell whether wish and state may go together when nothing is left to do."""
    match process.state:
        case Starting(Run()) | Online(_, ready=False) if not process.spec.ready.told:
            return False
        case Backoff():
            return process.wish is Wish.UP
        case Online() | Exited():
            return process.wish in {Wish.UP, Wish.BLOCKED}
        case Stopped() | Errored():
            # What nobody wants any more is forgotten as soon as it is down.
            return process.wish is not Wish.GONE
        case Starting() | Stopping():
            return True


def transitions() -> dict[tuple[str, str], list[str]]:
    """Say, for each pair of states, which events lead from one to the other."""
    found: dict[tuple[str, str], list[str]] = {}
    for process, event in itertools.product(processes(), events()):
        after, effects = life.step(process, event)
        forgotten = any(isinstance(effect, to_do.Forget) for effect in effects)
        target = "[*]" if forgotten else after.state.kind.name
        source, name = process.state.kind.name, type(event).__name__
        if target != source and name not in found.setdefault((source, target), []):
            found[source, target].append(name)
    return {pair: names for pair, names in found.items() if names}


def diagram() -> str:
    """Draw in Mermaid's language; what a new daemon finds has a diagram of its own."""
    here, anew = [], []
    for (source, target), names in transitions().items():
        lived = [name for name in names if name != "DaemonStarted"]
        if lived:
            here.append(f"    {source} --> {target} : {', '.join(lived)}\n")
        if len(lived) < len(names):
            anew.append(f"    {source} --> {target}\n")
    return (
        f"```mermaid\nstateDiagram-v2\n    [*] --> STOPPED\n{''.join(here)}```\n\n"
        "In addition, when a daemon starts, `DaemonStarted` takes these arrows, depending on what"
        " is still\nrunning:\n\n"
        f"```mermaid\nstateDiagram-v2\n{''.join(anew)}```\n"
    )


def with_diagram(document: str) -> str:
    """Put the diagram into a text, in place of the one that is there."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{diagram()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_diagram(DOCUMENT.read_text()))

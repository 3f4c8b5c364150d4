"""What there is to do about a process: effects, imperative, that `core.lifecycle.step` asks for."""

from enum import StrEnum

from msgspec import Struct

from pmdaemon.core.process import Run


class Timer(StrEnum):
    """What a timer is for."""

    GRACE = "grace"
    BACKOFF = "backoff"
    READY = "ready"
    DRAIN = "drain"


class Spawn(Struct, frozen=True):
    """Start the program; answer with `Spawned` or `SpawnFailed`."""

    pm_id: int
    epoch: int


class Watch(Struct, frozen=True):
    """Take up a run that an earlier daemon began: its output, and by `ProcessExited` its end.

    It may have ended by now, and what it wrote last still be to be read.
    """

    pm_id: int
    run: Run


class AwaitReady(Struct, frozen=True):
    """Look for signs of readiness; answer with `BecameReady`."""

    pm_id: int
    run: Run


class Drain(Struct, frozen=True):
    """Have the program take nothing new, and finish what it has begun; answer with `Drained`."""

    pm_id: int
    run: Run


class SignalFirst(Struct, frozen=True):
    """Send a signal to the program's first process alone."""

    pm_id: int
    run: Run
    signal: str


class SignalTree(Struct, frozen=True):
    """Send the stop signal to the program and everything it started."""

    pm_id: int
    run: Run
    signal: str


class KillTree(Struct, frozen=True):
    """Send SIGKILL to whatever is left of the program."""

    pm_id: int
    run: Run


class Sweep(Struct, frozen=True):
    """Wait until nothing that the program started is left; answer with `SessionEmptied`.

    What is left over when the program ended by itself has not been told to stop yet: then
    `signal` is set, and sent.
    """

    pm_id: int
    run: Run
    signal: str | None


class SetTimer(Struct, frozen=True):
    """Come back after `seconds`; a timer of an earlier epoch may be dropped."""

    pm_id: int
    epoch: int
    timer: Timer
    seconds: float


class Forget(Struct, frozen=True):
    """Nothing is left of it, and nobody wants it any more."""

    pm_id: int


Effect = (
    Spawn
    | Watch
    | AwaitReady
    | Drain
    | SignalFirst
    | SignalTree
    | KillTree
    | Sweep
    | SetTimer
    | Forget
)

"""What happens to a process: events, past tense, that go into `core.lifecycle.step`."""

from msgspec import Struct

from pmdaemon.core.process import UNKNOWN_EXIT, Cause, Exit, Identity, Instant, Run


class StartRequested(Struct, frozen=True):
    """Somebody wants it up."""


class StopRequested(Struct, frozen=True):
    """Somebody wants it down."""


class RestartRequested(Struct, frozen=True):
    """Somebody, or something that `cause` tells of, wants it started anew.

    `gently` when requests wait for the next run, so that this one may first finish its own.
    """

    cause: Cause = Cause.RESTART_REQUESTED
    gently: bool = False


class BlockRequested(Struct, frozen=True):
    """Somebody wants it not to be started, whoever asks."""


class UnblockRequested(Struct, frozen=True):
    """Somebody wants it to be startable again; it is not started by that."""


class DeleteRequested(Struct, frozen=True):
    """Somebody wants it forgotten; `gently` when others carry on what it does."""

    gently: bool = False


class ShutdownBegan(Struct, frozen=True):
    """The daemon ends its programs and then itself; what is wished for stays as it is."""


class ResetRequested(Struct, frozen=True):
    """Somebody wants its counters at zero."""

    at: Instant


class SignalRequested(Struct, frozen=True):
    """Somebody wants the program to get a signal, by name."""

    signal: str


class Spawned(Struct, frozen=True):
    """The program runs."""

    epoch: int
    run: Run


class BecameReady(Struct, frozen=True):
    """The program can be counted on: it has `told` so itself, or it listens, or is healthy."""

    identity: Identity
    told: bool


class ReadyTimeElapsed(Struct, frozen=True):
    """The time in which it was to get ready is over.

    `listeners` says whether other instances of the app listen on sockets that they share, as this
    one then should.
    """

    epoch: int
    listeners: bool = False


class Drained(Struct, frozen=True):
    """The program has finished all that it had begun."""

    identity: Identity


class DrainTimeElapsed(Struct, frozen=True):
    """The time for finishing is over."""

    epoch: int


class SpawnFailed(Struct, frozen=True):
    """The program could not be started; `transient` when the machine, not the app, is at fault."""

    epoch: int
    reason: str
    transient: bool
    at: Instant


class ProcessExited(Struct, frozen=True):
    """The program's first process ended."""

    identity: Identity
    exit: Exit


class SessionEmptied(Struct, frozen=True):
    """Nothing that the program started is left; `last_words` are its last lines on stderr."""

    identity: Identity
    at: Instant
    last_words: tuple[str, ...] = ()


class GraceElapsed(Struct, frozen=True):
    """The time given for ending is over; `survivors` are the pids that are still there."""

    epoch: int
    survivors: tuple[int, ...]


class BackoffElapsed(Struct, frozen=True):
    """The wait before a restart is over."""

    epoch: int


class MemoryExceeded(Struct, frozen=True):
    """The program and its descendants hold more than they may."""

    identity: Identity


class HealthFailed(Struct, frozen=True):
    """The program runs and does not do its work."""

    identity: Identity


class TimeExceeded(Struct, frozen=True):
    """The program takes longer than it may."""

    identity: Identity


class EndFellDue(Struct, frozen=True):
    """The time has come at which its schedule ends the program."""

    identity: Identity


class FellDue(Struct, frozen=True):
    """The time `due` of its schedule, in seconds since the epoch, has come, or was missed."""

    due: float
    at: Instant


class DependenciesMet(Struct, frozen=True):
    """All that it depends on is there."""


class DependencyFailed(Struct, frozen=True):
    """Something that it depends on will not be there."""

    reason: str


class DaemonStarted(Struct, frozen=True):
    """A new daemon read this process from the store.

    `run` is the life that is going on right now, found by its identity or by its token; None when
    there is none, and then `exit` is how it ended, as far as anybody knows. `rebooted` when the
    machine was started anew since. `launch` is there when the run is one that the former daemon
    began and could not record, as the store failed: the one of that launch.
    """

    at: Instant
    run: Run | None
    rebooted: bool
    exit: Exit = UNKNOWN_EXIT
    launch: int | None = None


Event = (
    StartRequested
    | StopRequested
    | RestartRequested
    | DeleteRequested
    | BlockRequested
    | UnblockRequested
    | ShutdownBegan
    | ResetRequested
    | SignalRequested
    | Spawned
    | BecameReady
    | ReadyTimeElapsed
    | Drained
    | DrainTimeElapsed
    | SpawnFailed
    | ProcessExited
    | SessionEmptied
    | GraceElapsed
    | BackoffElapsed
    | MemoryExceeded
    | HealthFailed
    | TimeExceeded
    | EndFellDue
    | FellDue
    | DependenciesMet
    | DependencyFailed
    | DaemonStarted
)

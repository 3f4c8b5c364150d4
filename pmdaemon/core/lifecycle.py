"""The life of a process: every transition there is.

Rules of this file:

* `step` is a pure function. It asks nobody the time; where time matters it came in with the event.
* All that changes a process's state is here, and nothing else does.
* Events are past tense, effects imperative. The engine carries out effects in the given order and
  posts what came of them as further events.
* Every pair of event and state has an answer. What cannot happen, or comes too late, changes
  nothing and has no effect.

A run always ends through STOPPING, whether we asked for it or not: the program's first process
may leave others behind, and a process is down only when nothing of its session is left. So the
way round for a crash is

    ONLINE --Exited--> STOPPING --SessionEmptied--> STARTING --Spawned--> ONLINE

and the same STOPPING, with its grace and its SIGKILL, serves stop, restart and delete. What comes
after it is decided by the wish of that later moment, not by what was wanted when it began: a
`start` during a `stop` starts, a `stop` during a crash stays down.

A program that is to say when it is ready is STARTING with a run until then. A replacement (see
`core.replacement`) is, too; and when it does not come up, nothing is tried again: it is ERRORED.
The run that it has replaced drains first: it takes nothing new, and finishes what it has begun.

Epochs: a change of state makes a new epoch. Timers and answers carry the epoch they belong to, so
a late one is recognised.

What is wished up and has dependencies is not spawned from rest at once: it is held, which is to be
STOPPED with the wish UP, until somebody who sees the others says that they are there. A replacement
is not held. A job is left alone after each run, and runs again only when it is due or asked for.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.core import readiness, restarts
from pmdaemon.core.node import shares_sockets
from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Identity,
    Instant,
    Online,
    Process,
    Run,
    Starting,
    State,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.readiness import Sign

KILL_PATIENCE = 5.0
"""Seconds that SIGKILL may take to show before we say that it failed."""

SPAWN_RETRY_DELAY = 1.0
"""Seconds before a spawn is tried again that failed for want of pids, descriptors or memory."""

TOO_LATE = 60.0
"""Seconds after which a restart that fell due while nobody looked is only for an older run."""


# What happened.


class StartRequested(Struct, frozen=True):
    """Somebody wants it up."""


class StopRequested(Struct, frozen=True):
    """Somebody wants it down."""


class RestartRequested(Struct, frozen=True):
    """Somebody, or something that `cause` tells of, wants it started anew."""

    cause: Cause = Cause.RESTART_REQUESTED


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
    """The program of a job takes longer than it may."""

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
    | FellDue
    | DependenciesMet
    | DependencyFailed
    | DaemonStarted
)


# What to do.


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

Step = tuple[Process, Sequence[Effect]]


def step(process: Process, event: Event) -> Step:
    """Say what becomes of `process` by `event`, and what there is to do."""
    match event:
        case StartRequested():
            return _wanted_up(process)
        case RestartRequested(cause):
            return _wanted_up(process, anew=cause)
        case StopRequested():
            return _wanted_down(process, Wish.DOWN)
        case DeleteRequested(gently):
            return _wanted_down(process, Wish.GONE, gently=gently)
        case BlockRequested():
            return _blocked(process)
        case UnblockRequested():
            return _unblocked(process)
        case ShutdownBegan():
            return _shut_down(process)
        case ResetRequested(at):
            return replace(_afresh(process), restarts=0, created=at), []
        case SignalRequested(signal):
            if process.pid is None or process.run is None:
                return process, []
            return process, [SignalFirst(process.pm_id, process.run, signal)]
        case Spawned(epoch, run):
            return _spawned(process, epoch, run)
        case BecameReady(identity, told):
            return _became_ready(process, identity, told=told)
        case ReadyTimeElapsed(epoch, listeners):
            return _ready_time_elapsed(process, epoch, listeners=listeners)
        case Drained(identity):
            match process.state:
                case Stopping(run, cause, draining=True) if run.identity == identity:
                    return _end(process, run, cause)
                case _:
                    return process, []
        case DrainTimeElapsed(epoch):
            match process.state:
                case Stopping(run, cause, draining=True) if epoch == process.epoch:
                    return _end(process, run, cause)
                case _:
                    return process, []
        case SpawnFailed(epoch, reason, transient, at):
            return _spawn_failed(process, epoch, reason, transient=transient, at=at)
        case ProcessExited(identity, ended):
            return _exited(process, identity, ended)
        case SessionEmptied(identity, at, last_words):
            return _session_emptied(process, identity, at, last_words)
        case GraceElapsed(epoch, survivors):
            return _grace_elapsed(process, epoch, survivors)
        case BackoffElapsed(epoch):
            if isinstance(process.state, Backoff) and epoch == process.epoch:
                return _spawn(process)
            return process, []
        case MemoryExceeded(identity):
            return _end_for(_counted(process), process, identity, Cause.MEMORY_EXCEEDED)
        case HealthFailed(identity):
            return _end_for(_counted(process), process, identity, Cause.UNHEALTHY)
        case TimeExceeded(identity):
            return _end_for(process, process, identity, Cause.TIMED_OUT)
        case FellDue():
            return _fell_due(process, event)
        case DependenciesMet():
            return _spawn(process) if _is_held(process) else (process, [])
        case DependencyFailed(reason):
            return (_enter(process, Errored(reason)) if _is_held(process) else process), []
        case DaemonStarted():
            return _taken_over(process, event)
        case _:
            assert_never(event)


def _wanted_up(process: Process, *, anew: Cause | None = None) -> Step:
    """Bring it up; what runs is ended first if there is a cause to start it anew."""
    if process.wish in {Wish.GONE, Wish.BLOCKED}:
        return process, []
    process = replace(process, wish=Wish.UP)
    match process.state:
        case Stopped() | Exited() | Errored() | Backoff():
            return _spawn_or_hold(_afresh(process))
        case Online(run) | Starting(Run() as run) if anew is not None:
            return _end(_counted(_afresh(process)), run, anew)
        case (
            Stopping(
                cause=Cause.STOP_REQUESTED | Cause.ENDED_BY_ITSELF | Cause.TIMED_OUT
            ) as stopping
        ):
            # The same stop goes on, so the epoch, and with it the grace timer, stays.
            return _same(process, replace(stopping, cause=anew or Cause.RESTART_REQUESTED)), []
        case Starting() | Online() | Stopping():
            return process, []
        case _:
            assert_never(process.state)


def _wanted_down(process: Process, wish: Wish, *, gently: bool = False) -> Step:
    process = replace(process, queued=False)
    if process.wish is Wish.BLOCKED and wish is Wish.DOWN:
        wish = Wish.BLOCKED  # it stays blocked, and is stopped
    if process.wish is not Wish.GONE:
        process = replace(process, wish=wish)
    match process.state:
        case Stopped() | Exited() | Errored() | Backoff():
            return _down(process)
        case Online(run) if gently:
            return leave(process, run, Cause.STOP_REQUESTED)
        case Online(run) | Starting(Run() as run):
            return _end(process, run, Cause.STOP_REQUESTED)
        case Starting() | Stopping():
            return process, []
        case _:
            assert_never(process.state)


def _blocked(process: Process) -> Step:
    if process.wish is Wish.GONE:
        return process, []
    blocked = replace(process, wish=Wish.BLOCKED, queued=False)
    return _down(blocked) if isinstance(process.state, Backoff) else (blocked, [])


def _unblocked(process: Process) -> Step:
    if process.wish is not Wish.BLOCKED:
        return process, []
    is_down = isinstance(process.state, Stopped | Stopping)
    return replace(process, wish=Wish.DOWN if is_down else Wish.UP), []


def _fell_due(process: Process, event: FellDue) -> Step:
    process = replace(process, due=event.due)
    if process.wish in {Wish.GONE, Wish.BLOCKED}:
        return process, []
    job = process.spec.job
    if job is None:
        older = isinstance(process.state, Online) and process.state.run.since.wall < event.due
        if event.at.wall - event.due > TOO_LATE and not older:
            return process, []  # what began since is new enough, what is down was left so
        return _wanted_up(process, anew=Cause.SCHEDULED)
    if isinstance(process.state, Stopped | Exited | Errored):
        return _wanted_up(process)
    match job.overlap:
        case "skip":
            return process, []
        case "replace":
            return _wanted_up(process, anew=Cause.SCHEDULED)
        case "queue":
            return replace(process, queued=True), []


def _shut_down(process: Process) -> Step:
    match process.state:
        case Online(run) | Starting(Run() as run):
            return _end(process, run, Cause.DAEMON_SHUT_DOWN)
        case Stopping(run, draining=True):
            return _end(process, run, Cause.DAEMON_SHUT_DOWN)
        case Stopping() as stopping:
            return _same(process, replace(stopping, cause=Cause.DAEMON_SHUT_DOWN)), []
        case Backoff():
            return _enter(process, Stopped()), []
        case Stopped() | Starting() | Exited() | Errored():
            return process, []
        case _:
            assert_never(process.state)


def _spawned(process: Process, epoch: int, run: Run) -> Step:
    if process.state != Starting() or epoch != process.epoch:
        # Nobody waits for it, so nobody would ever end it.
        return process, [KillTree(process.pm_id, run)]
    process = replace(process, started=run.since)
    if process.wish not in {Wish.UP, Wish.BLOCKED}:
        return _end(process, run, Cause.STOP_REQUESTED)
    if readiness.sign(process) is Sign.NONE:
        return _enter(process, Online(run)), []
    return _await_ready(_enter(process, Starting(run)), run)


def _await_ready(process: Process, run: Run) -> Step:
    patience = readiness.patience(process)
    return process, [
        AwaitReady(process.pm_id, run),
        SetTimer(process.pm_id, process.epoch, Timer.READY, patience),
    ]


def _became_ready(process: Process, identity: Identity, *, told: bool) -> Step:
    match process.state:
        case Starting(Run() as run) if run.identity == identity:
            if told or readiness.sign(process) in {Sign.LISTENING, Sign.HEALTHY}:
                return _enter(process, Online(run)), []
            return process, []
        case Online(run, ready=False) if run.identity == identity and told:
            return _same(process, Online(run)), []
        case _:
            return process, []


def _ready_time_elapsed(process: Process, epoch: int, *, listeners: bool) -> Step:
    match process.state:
        case Starting(Run() as run) if epoch == process.epoch:
            missed = _is_missed(process, listeners=listeners)
            if missed and process.replaces is not None:
                return _end(process, run, Cause.NOT_READY)
            return _enter(process, Online(run, ready=not missed)), []
        case _:
            return process, []


def _is_missed(process: Process, *, listeners: bool) -> bool:
    """Whether a program should have given a sign by now, and has not."""
    match readiness.sign(process):
        case Sign.TOLD | Sign.HEALTHY:
            return True
        case Sign.LISTENING:
            return process.tcp_port is not None or listeners
        case Sign.LIVING | Sign.NONE:
            return False
        case unknown:
            assert_never(unknown)


def _spawn_failed(
    process: Process, epoch: int, reason: str, *, transient: bool, at: Instant
) -> Step:
    if not isinstance(process.state, Starting) or epoch != process.epoch:
        return process, []
    if process.wish is not Wish.UP:
        return _down(process)
    if transient and process.replaces is None:
        delay = max(SPAWN_RETRY_DELAY, process.spec.restart.restart_delay)
        return _back_off(process, delay, at, reason)
    return _enter(process, Errored(reason)), []


def _exited(process: Process, identity: Identity, ended: Exit) -> Step:
    stop = process.spec.stop
    match process.state:
        case Online(run) | Starting(Run() as run) if run.identity == identity:
            ending = _enter(process, Stopping(run, Cause.ENDED_BY_ITSELF, ended))
            ending = replace(ending, last_exit=ended, last_cause=Cause.ENDED_BY_ITSELF)
            return ending, [
                Sweep(process.pm_id, run, stop.signal),
                SetTimer(process.pm_id, ending.epoch, Timer.GRACE, stop.grace),
            ]
        case Stopping(run, cause, exit=None, draining=True) if run.identity == identity:
            ending = _enter(process, Stopping(run, cause, ended))
            return replace(ending, last_exit=ended), [
                Sweep(process.pm_id, run, stop.signal),
                _grace(ending),
            ]
        case Stopping(run, exit=None) as stopping if run.identity == identity:
            ending = _same(process, replace(stopping, exit=ended))
            return replace(ending, last_exit=ended), [Sweep(process.pm_id, run, None)]
        case _:
            return process, []


def _session_emptied(
    process: Process, identity: Identity, at: Instant, last_words: tuple[str, ...]
) -> Step:
    match process.state:
        case Stopping(run, cause, exit=Exit()) as stopping if run.identity == identity:
            is_shutting_down = cause is Cause.DAEMON_SHUT_DOWN
            if process.queued and not is_shutting_down:
                return _spawn(replace(process, wish=Wish.UP, queued=False))
            if process.spec.job is not None and process.wish is Wish.UP and is_shutting_down:
                return _enter(process, Exited()), []  # a run is over when the daemon ends it
            if process.wish is not Wish.UP or is_shutting_down:
                return _down(process)
            if process.replaces is not None:
                return _enter(process, Errored(_why_not_good(process, stopping), last_words)), []
            if cause is Cause.TIMED_OUT:
                return _enter(process, Exited()), []
            if cause is not Cause.ENDED_BY_ITSELF:
                return _spawn(process)
            return _after_own_end(process, stopping, at, last_words)
        case _:
            return process, []


def _why_not_good(process: Process, ending: Stopping) -> str:
    if ending.cause is not Cause.NOT_READY:
        return f"it ended before it was ready, with {ending.exit}"
    verbs = {Sign.TOLD: "say that it is ready", Sign.HEALTHY: "pass its health check"}
    verb = verbs.get(readiness.sign(process), "listen")
    return f"it did not {verb} within {process.spec.ready.timeout:g} s"


def _after_own_end(
    process: Process, ending: Stopping, at: Instant, last_words: tuple[str, ...]
) -> Step:
    match restarts.decide(process, ending, at):
        case restarts.LeaveAlone():
            return _enter(process, Exited()), []
        case restarts.GiveUp(reason, ends):
            return _enter(replace(process, ends=ends), Errored(reason, last_words)), []
        case restarts.StartAgain(delay, ends, backoff):
            again = _counted(replace(process, ends=ends, backoff=backoff))
            return _back_off(again, delay, at) if delay > 0 else _spawn(again)


def _grace_elapsed(process: Process, epoch: int, survivors: tuple[int, ...]) -> Step:
    match process.state:
        case Stopping(run, killed=False) as stopping if epoch == process.epoch:
            killing = _enter(process, replace(stopping, killed=True))
            return killing, [
                KillTree(process.pm_id, run),
                SetTimer(process.pm_id, killing.epoch, Timer.GRACE, KILL_PATIENCE),
            ]
        case Stopping(killed=True) if epoch == process.epoch and not survivors:
            # Nobody is left, so the news of it is on its way.
            return process, [SetTimer(process.pm_id, epoch, Timer.GRACE, KILL_PATIENCE)]
        case Stopping(killed=True) if epoch == process.epoch:
            # A delete that failed is over, so that it can be asked for again.
            wish = Wish.DOWN if process.wish is Wish.GONE else process.wish
            pids = ", ".join(map(str, survivors))
            return _enter(replace(process, wish=wish), Errored(f"survived SIGKILL: pid {pids}")), []
        case _:
            return process, []


def _taken_over(process: Process, event: DaemonStarted) -> Step:
    if event.rebooted:
        # Monotonic times of the former boot mean nothing now, and no run outlived it.
        process = replace(process, ends=(), created=replace(event.at, wall=process.created.wall))
        if process.spec.job is not None:
            return _interrupted(process)
    if process.replaces is not None and process.wish is Wish.UP:
        process = _given_up(process)
    run = event.run
    if run is not None and event.launch is not None:
        return _found_unrecorded(process, run, event.launch)
    match process.state:
        case Online() if run is not None:
            return process, [Watch(process.pm_id, run)]
        case Starting(Run()) if run is not None:
            waiting, effects = _await_ready(process, run)
            return waiting, [Watch(process.pm_id, run), *effects]
        case Stopping(cause=Cause.REPLACED, killed=False) if run is not None:
            leaving, effects = leave(replace(process, state=Online(run)), run)
            return leaving, [Watch(process.pm_id, run), *effects]
        case Stopping(cause=cause) if run is not None:
            ending, effects = _end(process, run, _taken_over_cause(cause))
            return ending, [Watch(process.pm_id, run), *effects]
        case Starting() if run is not None:
            online, effects = _spawned(process, process.epoch, run)
            return online, [Watch(process.pm_id, run), *effects]
        case Online(lost) | Starting(Run() as lost) if event.rebooted:
            return _resumed(replace(_enter(process, Stopped()), started=lost.since))
        case Online(lost) | Starting(Run() as lost):
            ended, effects = _exited(process, lost.identity, event.exit)
            return ended, [Watch(process.pm_id, lost), *effects]
        case Starting() | Stopping() | Backoff() if event.rebooted:
            return _resumed(process)
        case Stopping(lost) as stopping:
            cause, how = _taken_over_cause(stopping.cause), stopping.exit or event.exit
            ended = _enter(process, Stopping(lost, cause, how))
            # It may have been told to stop, or not, and so may what it left behind anywhere.
            return replace(ended, last_exit=how), [
                Watch(process.pm_id, lost),
                SignalTree(process.pm_id, lost, process.spec.stop.signal),
                Sweep(process.pm_id, lost, None),
                _grace(ended),
            ]
        case Starting():
            return _resumed(process)
        case Backoff(since, delay):
            left = max(0.0, since.monotonic + delay - event.at.monotonic)
            return process, [SetTimer(process.pm_id, process.epoch, Timer.BACKOFF, left)]
        case Stopped():
            return _resumed(process)
        case Exited() | Errored():
            return _down(process) if process.wish is Wish.GONE else (process, [])
        case _:
            assert_never(process.state)


def _given_up(process: Process) -> Process:
    """Give up a replacement: whoever was to take it further died with the former daemon."""
    process = replace(process, wish=Wish.GONE)
    if process.run is None or isinstance(process.state, Stopping):
        return process
    return _enter(process, Stopping(process.run, Cause.STOP_REQUESTED))


def _found_unrecorded(process: Process, run: Run, launch: int) -> Step:
    """Take up a run of which the store does not know: it was ended and begun again since."""
    process = replace(_counted(process), launch=launch, epoch=max(process.epoch, launch))
    online = replace(_enter(process, Online(run)), started=run.since)
    if process.wish in {Wish.UP, Wish.BLOCKED}:
        return online, [Watch(process.pm_id, run)]
    ending, effects = _end(online, run, Cause.STOP_REQUESTED)
    return ending, [Watch(process.pm_id, run), *effects]


def _taken_over_cause(cause: Cause) -> Cause:
    # The end of the daemon that began this is over: what is wished for holds again.
    return Cause.RESTART_REQUESTED if cause is Cause.DAEMON_SHUT_DOWN else cause


def _resumed(process: Process) -> Step:
    return _spawn_or_hold(process) if process.wish is Wish.UP else _down(process)


def _interrupted(process: Process) -> Step:
    """Leave a job alone whose run the machine's end has ended: nobody knows how far it had got."""
    match process.state:
        case Online(lost) | Stopping(lost):
            process = replace(process, started=lost.since, last_exit=UNKNOWN_EXIT, queued=False)
        case Starting() | Backoff():
            process = replace(process, queued=False)
        case Stopped() | Exited() | Errored():
            return _down(process) if process.wish is Wish.GONE else (process, [])
    return (_enter(process, Exited()), []) if process.wish is Wish.UP else _down(process)


def _grace(process: Process) -> SetTimer:
    return SetTimer(process.pm_id, process.epoch, Timer.GRACE, process.spec.stop.grace)


def _is_held(process: Process) -> bool:
    return process.wish is Wish.UP and isinstance(process.state, Stopped)


def _spawn_or_hold(process: Process) -> Step:
    # A replacement waits for nobody: what it stands beside is up without.
    if not process.spec.depends_on or process.replaces is not None:
        return _spawn(process)
    held = process if isinstance(process.state, Stopped) else _enter(process, Stopped())
    return held, []


def _spawn(process: Process) -> Step:
    starting = _enter(process, Starting())
    starting = replace(starting, launch=starting.epoch)
    return starting, [Spawn(process.pm_id, starting.epoch)]


def leave(process: Process, run: Run, cause: Cause = Cause.REPLACED) -> Step:
    """End a run whose work others carry on, whatever state it is in."""
    match process.state:
        case Stopping(killed=killed) as stopping:
            # It was ending already, and goes on with that.
            ending = _enter(process, stopping)
            seconds = KILL_PATIENCE if killed else process.spec.stop.grace
            return ending, [SetTimer(process.pm_id, ending.epoch, Timer.GRACE, seconds)]
        case _ if shares_sockets(process.spec):
            draining = _enter(process, Stopping(run, cause, draining=True))
            patience = process.spec.stop.grace
            return replace(draining, last_cause=cause), [
                Drain(process.pm_id, run),
                SetTimer(process.pm_id, draining.epoch, Timer.DRAIN, patience),
            ]
        case _:
            return _end(process, run, cause)


def _end_for(counted: Process, process: Process, identity: Identity, cause: Cause) -> Step:
    match process.state:
        case Online(run) if run.identity == identity:
            return _end(counted, run, cause)
        case _:
            return process, []


def _end(process: Process, run: Run, cause: Cause) -> Step:
    ending = replace(_enter(process, Stopping(run, cause)), last_cause=cause)
    return ending, [SignalTree(process.pm_id, run, process.spec.stop.signal), _grace(ending)]


def _back_off(process: Process, delay: float, at: Instant, reason: str | None = None) -> Step:
    waiting = _enter(process, Backoff(at, delay, reason))
    return waiting, [SetTimer(process.pm_id, waiting.epoch, Timer.BACKOFF, delay)]


def _down(process: Process) -> Step:
    stopped = process if isinstance(process.state, Stopped) else _enter(process, Stopped())
    return stopped, [Forget(process.pm_id)] if process.wish is Wish.GONE else []


def _afresh(process: Process) -> Process:
    """Forget what counts towards giving up, as somebody wants it tried again."""
    return replace(process, ends=(), backoff=0.0)


def _counted(process: Process) -> Process:
    return replace(process, restarts=process.restarts + 1)


def _enter(process: Process, state: State) -> Process:
    return replace(process, state=state, epoch=process.epoch + 1)


def _same(process: Process, state: State) -> Process:
    return replace(process, state=state)

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
The run that it has replaced drains first: it takes nothing new, and finishes what it has begun. So
does one that is restarted while requests for the next one are held.

Epochs: a change of state makes a new epoch. Timers and answers carry the epoch they belong to, so
a late one is recognised.

What is wished up and has dependencies is not spawned from rest at once: it is held, which is to be
STOPPED with the wish UP, until somebody who sees the others says that they are there. A replacement
is not held. A job is left alone after each run, and runs again only when it is due or asked for.
"""

from typing import assert_never

from msgspec.structs import replace

from pmdaemon.core import readiness, restarts
from pmdaemon.core.effects import KillTree, SetTimer, SignalFirst, Timer
from pmdaemon.core.lifecycle_events import (
    BackoffElapsed,
    BecameReady,
    BlockRequested,
    DaemonStarted,
    DeleteRequested,
    DependenciesMet,
    DependencyFailed,
    Drained,
    DrainTimeElapsed,
    EndFellDue,
    Event,
    FellDue,
    GraceElapsed,
    HealthFailed,
    MemoryExceeded,
    ProcessExited,
    ReadyTimeElapsed,
    ResetRequested,
    RestartRequested,
    SessionEmptied,
    ShutdownBegan,
    SignalRequested,
    Spawned,
    SpawnFailed,
    StartRequested,
    StopRequested,
    TimeExceeded,
    UnblockRequested,
)
from pmdaemon.core.moves import (
    KILL_PATIENCE,
    Step,
    afresh,
    back_off,
    counted,
    down,
    drain,
    end,
    end_for,
    enter,
    exited,
    is_held,
    leave,
    same,
    spawn,
    spawn_or_hold,
    spawned,
)
from pmdaemon.core.process import (
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
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.readiness import Sign
from pmdaemon.core.taking_over import taken_over

SPAWN_RETRY_DELAY = 1.0
"""Seconds before a spawn is tried again that failed for want of pids, descriptors or memory."""

TOO_LATE = 60.0
"""Seconds after which a restart that fell due while nobody looked is only for an older run."""


def step(process: Process, event: Event) -> Step:
    """Say what becomes of `process` by `event`, and what there is to do."""
    match event:
        case StartRequested():
            return _wanted_up(process)
        case RestartRequested(cause, gently):
            return _wanted_up(process, anew=cause, gently=gently)
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
            return replace(afresh(process), restarts=0, created=at), []
        case SignalRequested(signal):
            if process.pid is None or process.run is None:
                return process, []
            return process, [SignalFirst(process.pm_id, process.run, signal)]
        case Spawned(epoch, run):
            return spawned(process, epoch, run)
        case BecameReady(identity, told):
            return _became_ready(process, identity, told=told)
        case ReadyTimeElapsed(epoch, listeners):
            return _ready_time_elapsed(process, epoch, listeners=listeners)
        case Drained(identity):
            match process.state:
                case Stopping(run, cause, draining=True) if run.identity == identity:
                    return end(process, run, cause)
                case _:
                    return process, []
        case DrainTimeElapsed(epoch):
            match process.state:
                case Stopping(run, cause, draining=True) if epoch == process.epoch:
                    return end(process, run, cause)
                case _:
                    return process, []
        case SpawnFailed(epoch, reason, transient, at):
            return _spawn_failed(process, epoch, reason, transient=transient, at=at)
        case ProcessExited(identity, ended):
            return exited(process, identity, ended)
        case SessionEmptied(identity, at, last_words):
            return _session_emptied(process, identity, at, last_words)
        case GraceElapsed(epoch, survivors):
            return _grace_elapsed(process, epoch, survivors)
        case BackoffElapsed(epoch):
            if isinstance(process.state, Backoff) and epoch == process.epoch:
                return spawn(process)
            return process, []
        case MemoryExceeded(identity):
            return end_for(counted(process), process, identity, Cause.MEMORY_EXCEEDED)
        case HealthFailed(identity):
            return end_for(counted(process), process, identity, Cause.UNHEALTHY)
        case TimeExceeded(identity):
            again = counted(process) if _goes_on_after_time_out(process) else process
            return end_for(again, process, identity, Cause.TIMED_OUT)
        case EndFellDue(identity):
            return end_for(process, process, identity, Cause.END_DUE)
        case FellDue():
            return _fell_due(process, event)
        case DependenciesMet():
            return spawn(process) if is_held(process) else (process, [])
        case DependencyFailed(reason):
            return (enter(process, Errored(reason)) if is_held(process) else process), []
        case DaemonStarted():
            return taken_over(process, event)
        case _:
            assert_never(event)


def _wanted_up(process: Process, *, anew: Cause | None = None, gently: bool = False) -> Step:
    """Bring it up; what runs is ended first if there is a cause to start it anew."""
    if process.wish in {Wish.GONE, Wish.BLOCKED}:
        return process, []
    process = replace(process, wish=Wish.UP)
    match process.state:
        case Stopped() | Exited() | Errored() | Backoff():
            return spawn_or_hold(afresh(process))
        case Online(run) if anew is not None and gently:
            # Others wait meanwhile, so it gets no more time than it has for its end.
            return drain(counted(afresh(process)), run, anew, process.spec.stop.grace)
        case Online(run) | Starting(Run() as run) if anew is not None:
            return end(counted(afresh(process)), run, anew)
        case (
            Stopping(
                cause=Cause.STOP_REQUESTED | Cause.ENDED_BY_ITSELF | Cause.TIMED_OUT | Cause.END_DUE
            ) as stopping
        ):
            # The same stop goes on, so the epoch, and with it the grace timer, stays.
            return same(process, replace(stopping, cause=anew or Cause.RESTART_REQUESTED)), []
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
            return down(process)
        case Online(run) if gently:
            return leave(process, run, Cause.STOP_REQUESTED)
        case Online(run) | Starting(Run() as run):
            return end(process, run, Cause.STOP_REQUESTED)
        case Stopping(run, cause, draining=True) if not gently:
            return end(process, run, cause)
        case Starting() | Stopping():
            return process, []
        case _:
            assert_never(process.state)


def _blocked(process: Process) -> Step:
    if process.wish is Wish.GONE:
        return process, []
    blocked = replace(process, wish=Wish.BLOCKED, queued=False)
    return down(blocked) if isinstance(process.state, Backoff) else (blocked, [])


def _unblocked(process: Process) -> Step:
    if process.wish is not Wish.BLOCKED:
        return process, []
    is_down = isinstance(process.state, Stopped | Stopping) or process.state == Starting()
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
            return end(process, run, Cause.DAEMON_SHUT_DOWN)
        case Stopping(run, draining=True):
            return end(process, run, Cause.DAEMON_SHUT_DOWN)
        case Stopping() as stopping:
            return same(process, replace(stopping, cause=Cause.DAEMON_SHUT_DOWN)), []
        case Backoff():
            return enter(process, Stopped()), []
        case Stopped() | Starting() | Exited() | Errored():
            return process, []
        case _:
            assert_never(process.state)


def _became_ready(process: Process, identity: Identity, *, told: bool) -> Step:
    match process.state:
        case Starting(Run() as run) if run.identity == identity:
            if told or readiness.sign(process) in {Sign.LISTENING, Sign.HEALTHY}:
                return enter(process, Online(run)), []
            return process, []
        case Online(run, ready=False) if run.identity == identity and told:
            return same(process, Online(run)), []
        case _:
            return process, []


def _ready_time_elapsed(process: Process, epoch: int, *, listeners: bool) -> Step:
    match process.state:
        case Starting(Run() as run) if epoch == process.epoch:
            missed = _is_missed(process, listeners=listeners)
            if missed and process.replaces is not None:
                # It may have been given connections all the same.
                return leave(process, run, Cause.NOT_READY)
            return enter(process, Online(run, ready=not missed)), []
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
        return down(process)
    if transient and process.replaces is None:
        delay = max(SPAWN_RETRY_DELAY, process.spec.restart.restart_delay)
        return back_off(process, delay, at, reason)
    return enter(process, Errored(reason)), []


def _session_emptied(
    process: Process, identity: Identity, at: Instant, last_words: tuple[str, ...]
) -> Step:
    match process.state:
        case Stopping(run, cause, exit=Exit()) as stopping if run.identity == identity:
            is_shutting_down = cause is Cause.DAEMON_SHUT_DOWN
            if process.queued and not is_shutting_down:
                return spawn(replace(process, wish=Wish.UP, queued=False))
            if process.spec.job is not None and process.wish is Wish.UP and is_shutting_down:
                return enter(process, Exited()), []  # a run is over when the daemon ends it
            if process.wish is not Wish.UP or is_shutting_down:
                return down(process)
            if process.replaces is not None:
                return enter(process, Errored(_why_not_good(process, stopping), last_words)), []
            if cause is Cause.END_DUE or (
                cause is Cause.TIMED_OUT and not _goes_on_after_time_out(process)
            ):
                return enter(process, Exited()), []
            if cause is not Cause.ENDED_BY_ITSELF:
                return spawn(process)
            return _after_own_end(process, stopping, at, last_words)
        case _:
            return process, []


def _goes_on_after_time_out(process: Process) -> bool:
    """Whether a run that took too long has another one behind it: that of a job has none."""
    return process.spec.job is None and process.spec.restart.autorestart


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
            return enter(process, Exited()), []
        case restarts.GiveUp(reason, ends):
            return enter(replace(process, ends=ends), Errored(reason, last_words)), []
        case restarts.StartAgain(delay, ends, backoff):
            again = counted(replace(process, ends=ends, backoff=backoff))
            return back_off(again, delay, at) if delay > 0 else spawn(again)


def _grace_elapsed(process: Process, epoch: int, survivors: tuple[int, ...]) -> Step:
    match process.state:
        case Stopping(run, killed=False) as stopping if epoch == process.epoch:
            killing = enter(process, replace(stopping, killed=True))
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
            return enter(replace(process, wish=wish), Errored(f"survived SIGKILL: pid {pids}")), []
        case _:
            return process, []

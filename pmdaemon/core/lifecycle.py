"""The life of a process: every transition there is.

A process and an event go into `step`; the next process, and effects, come out.

Rules of the machine:

* `step` is a pure function. It asks nobody the time; where time matters it came in with the event.
* A process changes its state by nothing else, but where a reload has two of them exchange their
  runs (`core.replacement`).
* Events are past tense, effects imperative. The engine carries out effects in the given order and
  posts what came of them as further events.
* Every pair of event and state has an answer. What cannot happen, or comes too late, changes
  nothing and has no effect.

Below is the table of it: each event, and what answers it.

    wishes       what is asked for, by somebody or by a schedule
    coming_up    from the spawn until it is ready, or could not be spawned
    ending       from the first word of an end until nothing is left, and what follows
    taking_over  what a new daemon makes of what it finds
    moves        the steps that all of these take

A run always ends through STOPPING, whether we asked for it or not: the program's first process
may leave others behind, and a process is down only when nothing of its session is left. So the
way round for a crash is

    ONLINE --ProcessExited--> STOPPING --SessionEmptied--> STARTING --Spawned--> ONLINE

and the same STOPPING, with its grace and its SIGKILL, serves stop, restart and delete. What comes
after it is decided by the wish of that later moment, not by what was wanted when it began: a
`start` during a `stop` starts, a `stop` during a crash stays down.

A program that is to say when it is ready is STARTING with a run until then. A replacement is, too;
and when it does not come up, nothing is tried again: it is ERRORED. The run that it has replaced
drains first: it takes nothing new, and finishes what it has begun. So does one that is restarted
while requests for the next one are held.

Epochs: a change of state makes a new epoch. Timers and answers carry the epoch they belong to, so
a late one is recognised.

What is wished up and has dependencies is not spawned from rest at once: it is held, which is to be
STOPPED with the wish UP, until somebody who sees the others says that they are there. A replacement
is not held. A job is left alone after each run, and runs again only when it is due or asked for.
"""

from typing import assert_never

from pmdaemon.core import coming_up, ending, taking_over, wishes
from pmdaemon.core import lifecycle_events as happened
from pmdaemon.core.moves import Step
from pmdaemon.core.process import Cause, Process, Wish


def step(process: Process, event: happened.Event) -> Step:
    """Say what becomes of `process` by `event`, and what there is to do."""
    match event:
        case happened.StartRequested():
            return wishes.wanted_up(process)
        case happened.RestartRequested(cause, gently):
            return wishes.wanted_up(process, anew=cause, gently=gently)
        case happened.StopRequested():
            return wishes.wanted_down(process, Wish.DOWN)
        case happened.DeleteRequested(gently):
            return wishes.wanted_down(process, Wish.GONE, gently=gently)
        case happened.BlockRequested():
            return wishes.blocked(process)
        case happened.UnblockRequested():
            return wishes.unblocked(process)
        case happened.ResetRequested(at):
            return wishes.reset(process, at)
        case happened.SignalRequested(signal):
            return wishes.signalled(process, signal)
        case happened.FellDue(due, at):
            return wishes.fell_due(process, due, at)
        case happened.ShutdownBegan():
            return wishes.shut_down(process)
        case happened.DependenciesMet():
            return coming_up.dependencies_met(process)
        case happened.DependencyFailed(reason):
            return coming_up.dependency_failed(process, reason)
        case happened.Spawned(epoch, run):
            return coming_up.spawned(process, epoch, run)
        case happened.SpawnFailed(epoch, reason, transient, at):
            return coming_up.spawn_failed(process, epoch, reason, transient=transient, at=at)
        case happened.BackoffElapsed(epoch):
            return coming_up.backoff_elapsed(process, epoch)
        case happened.BecameReady(identity, told):
            return coming_up.became_ready(process, identity, told=told)
        case happened.ReadyTimeElapsed(epoch, listeners):
            return coming_up.ready_time_elapsed(process, epoch, listeners=listeners)
        case happened.MemoryExceeded(identity):
            return ending.ended_for(process, identity, Cause.MEMORY_EXCEEDED)
        case happened.HealthFailed(identity):
            return ending.ended_for(process, identity, Cause.UNHEALTHY)
        case happened.TimeExceeded(identity):
            return ending.ended_for(process, identity, Cause.TIMED_OUT)
        case happened.EndFellDue(identity):
            return ending.ended_for(process, identity, Cause.END_DUE)
        case happened.Drained(identity):
            return ending.drained(process, identity)
        case happened.DrainTimeElapsed(epoch):
            return ending.drain_time_elapsed(process, epoch)
        case happened.ProcessExited(identity, ended):
            return ending.exited(process, identity, ended)
        case happened.GraceElapsed(epoch, survivors):
            return ending.grace_elapsed(process, epoch, survivors)
        case happened.SessionEmptied(identity, at, last_words):
            return ending.session_emptied(process, identity, at, last_words)
        case happened.DaemonStarted():
            return taking_over.taken_over(process, event)
        case _:
            assert_never(event)

"""Why a process is up, or is not: what an experienced friend would say who looked at everything.

A pure function over the process and a few facts around it. The first sentence answers; the others
say what led there, what happens next, and what can be done.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from msgspec import Struct

from pmdaemon.core import restarts
from pmdaemon.core.dependencies import Standing, standing, why_not
from pmdaemon.core.health import Health, HealthStatus
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exited,
    Instant,
    Online,
    Process,
    Run,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.quantities import format_size, format_uptime_long
from pmdaemon.core.schedule import time_limit
from pmdaemon.core.spec import Dependency


class Facts(Struct, frozen=True, kw_only=True):
    """What is so around a process.

    `others` are the processes of the apps that it depends on, by name. `due` is when its schedule
    falls due next, in seconds since the epoch.
    """

    now: Instant
    health: Health | None = None
    others: Mapping[str, Sequence[Process]] = {}
    health_of: Mapping[int, Health] = {}
    due: float | None = None


def explain(process: Process, facts: Facts) -> list[str]:
    """Say in sentences why a process is in the state that it is in."""
    return [
        *_state(process, facts),
        *_wish(process),
        *_past(process, facts),
        *_health(process, facts),
        *_schedule(process, facts),
    ]


def _state(process: Process, facts: Facts) -> Iterator[str]:
    name = process.called
    match process.state:
        case Online(run, ready):
            yield f"{name} is up: pid {run.identity.pid}, for {_since(run.since, facts)}."
            if not ready:
                patience = f"{process.spec.ready.timeout:g} s"
                yield f"It should have said that it is ready, but did not within {patience}."
        case Starting(Run() as run):
            pid = run.identity.pid
            yield f"{name} is starting: pid {pid}, and has not said yet that it is ready."
        case Starting():
            yield f"{name} is starting."
        case Stopping(run, cause, ended):
            yield f"{name} is ending, because {_because(cause, process)}."
            if process.state.draining:
                yield "It gets no more requests, finishes those it has, and is then stopped."
            else:
                yield from _ending(process, run, is_over=ended is not None)
        case Backoff(since, delay, reason):
            left = max(0.0, delay - _elapsed(since, facts))
            what = f"could not be started: {reason}" if reason else _ended(process)
            yield f"{name} is down for the moment: it {what}."
            yield f"It will be restarted in {left:.1f} s."
            if reason is None and process.backoff:
                yield "The delay grows with each failure, until it has been up for half a minute."
        case Exited():
            yield from _why_exited(process)
        case Errored(reason, last_words):
            yield f"{name} has failed for good: {reason}."
            if last_words:
                yield "The last lines it wrote to stderr:"
                yield from (f"    {line}" for line in last_words)
            if reason.endswith("exit code 0"):
                yield "If that means its work is done, start it with --no-autorestart;"
                yield "if it puts itself into the background, make it stay in the foreground."
            if process.wish is not Wish.BLOCKED:
                yield f"To try it again: pmdaemon start {name}."
            yield f"To see what it printed: pmdaemon logs {name}."
        case Stopped():
            yield from _why_down(process, facts)
        case _:
            assert_never(process.state)


def _why_exited(process: Process) -> Iterator[str]:
    name, last = process.called, _ended(process)
    if process.last_cause is Cause.END_DUE and process.spec.job is None:
        yield f"{name} is down, because it {last}."
        yield f"It stays down until pmdaemon start {name}, or its cron_restart falls due."
    elif process.spec.job is not None:
        yield f"{name} is a job and is not running: its last run {last}."
    else:
        yield f"{name} is down, because it {last}, and {_why_left_alone(process)}."


def _ending(process: Process, run: Run, *, is_over: bool) -> Iterator[str]:
    stop = process.spec.stop
    if is_over:
        yield f"Its main process (pid {run.identity.pid}) has ended, but what it started has not."
        yield "If it puts itself into the background, make it stay in the foreground."
    else:
        yield f"It got {stop.signal} and has {stop.grace:g} s to stop before it is killed."


def _why_down(process: Process, facts: Facts) -> Iterator[str]:
    name = process.called
    if process.wish is Wish.UP:
        needed = [(one, _standing(one, facts)) for one in process.spec.depends_on]
        missing = [
            why_not(one, facts.others.get(one.name, ()))
            for one, so in needed
            if so is not Standing.MET
        ]
        if missing:
            yield f"{name} is down but should be up: it is waiting for what it depends on."
            yield from (f"It needs {each}." for each in missing)
        else:
            yield f"{name} is down but should be up: the daemon is about to start it."
    elif process.wish is Wish.BLOCKED:
        yield f"{name} is down."
    elif process.started is None and process.spec.job is not None:
        yield f"{name} is a job and has not run yet."
    elif process.started is None:
        yield f"{name} has not been started yet: start it with pmdaemon start {name}."
    elif process.spec.job is not None and process.last_cause is not Cause.STOP_REQUESTED:
        yield f"{name} is a job and is not running."
    else:
        yield f"{name} is down, because somebody stopped it."
        until = "its schedule starts it" if facts.due is not None else f"pmdaemon start {name}"
        yield f"It stays down, even after a reboot, until {until}."


def _wish(process: Process) -> Iterator[str]:
    if process.wish is Wish.BLOCKED:
        yield f"It is blocked: nothing starts it until pmdaemon unblock {process.called}."
    elif process.wish is Wish.GONE:
        yield "It is being deleted."


def _past(process: Process, facts: Facts) -> Iterator[str]:
    policy = process.spec.restart
    if process.restarts and not isinstance(process.state, Errored):
        times = "once" if process.restarts == 1 else f"{process.restarts} times"
        yield f"It has been restarted {times} so far{_lately(process)}."
    recent = [end for end in process.ends if facts.now.monotonic - end < restarts.window(policy)]
    if recent and isinstance(process.state, Online | Backoff | Starting | Stopping):
        yield (
            f"{len(recent)} of its exits within the last {restarts.window(policy):g} s count as"
            f" failures; at {policy.max_restarts}, pmdaemon gives up."
        )


def _lately(process: Process) -> str:
    match process.last_cause:
        case None:
            return ""
        case Cause.ENDED_BY_ITSELF:
            return f"; the last time it {_ended(process)}"
        case cause:
            return f"; the last time because {_because(cause, process)}"


def _health(process: Process, facts: Facts) -> Iterator[str]:
    health, check = facts.health, process.spec.health
    if check is None or not isinstance(process.state, Online):
        return
    if health is None or health.last is None or health.at is None:
        yield f"It is not known yet whether it is healthy ({check.kind} {check.target})."
        return
    found = f"{health.last.detail}, {_since(health.at, facts)} ago"
    match health.status:
        case HealthStatus.HEALTHY if health.failures:
            yield f"It counts as healthy, but the last {health.failures} checks failed: {found}."
        case HealthStatus.HEALTHY:
            yield f"It is healthy: {found}."
        case HealthStatus.STARTING:
            yield f"It has not been healthy yet: {found}."
        case HealthStatus.UNHEALTHY:
            yield f"It is unhealthy: {found}."
            if not check.restart:
                yield "It is not restarted for that, as declared."


def _schedule(process: Process, facts: Facts) -> Iterator[str]:
    if process.spec.cron_stop is not None and isinstance(process.state, Online):
        yield f"Its schedule stops it ({process.spec.cron_stop.cron})."
    if facts.due is None:
        return
    left = format_uptime_long(max(1.0, facts.due - facts.now.wall))
    is_up = isinstance(process.state, Online)
    what = "runs" if process.spec.job is not None else "is started anew" if is_up else "is started"
    if process.wish is Wish.BLOCKED:
        yield f"Its schedule falls due in {left}, and nothing will happen."
    else:
        yield f"On its schedule, it {what} in {left}."
    if process.wish is Wish.DOWN and process.spec.job is None:
        yield f"To prevent that: pmdaemon block {process.called}."
    if process.queued:
        yield "One more run is queued, because it fell due while running."


def _why_left_alone(process: Process) -> str:
    code = process.last_exit.code if process.last_exit is not None else None
    if not process.spec.restart.autorestart:
        return "autorestart is off"
    return f"{code} is one of the exit codes after which it is done (stop_exit_codes)"


def _standing(needed: Dependency, facts: Facts) -> Standing:
    return standing(needed, facts.others.get(needed.name, ()), facts.health_of)


def _ended(process: Process) -> str:
    if process.last_cause is Cause.TIMED_OUT and (limit := time_limit(process.spec)):
        return f"took more than {limit:g} s"
    if process.last_cause is Cause.END_DUE:
        return "was ended by its schedule"
    return f"ended with {process.last_exit}" if process.last_exit is not None else "has ended"


def _because(cause: Cause, process: Process) -> str:
    match cause:
        case Cause.STOP_REQUESTED:
            return "somebody asked for that"
        case Cause.RESTART_REQUESTED:
            return "somebody asked for a restart"
        case Cause.MEMORY_EXCEEDED:
            return f"it used more memory than {format_size(process.spec.max_memory or 0)}"
        case Cause.UNHEALTHY:
            return "its health check failed"
        case Cause.SCHEDULED:
            return "its schedule fell due"
        case Cause.FILES_CHANGED:
            return "files it watches have changed"
        case Cause.TIMED_OUT:
            return "it took longer than it may"
        case Cause.END_DUE:
            return "its schedule stopped it"
        case Cause.REPLACED:
            return "it was reloaded"
        case Cause.NOT_READY:
            return "it did not get ready in time"
        case Cause.DAEMON_SHUT_DOWN:
            return "the daemon ended"
        case Cause.ENDED_BY_ITSELF:
            return "its program ended by itself"
        case _:
            assert_never(cause)


def _since(moment: Instant, facts: Facts) -> str:
    return format_uptime_long(_elapsed(moment, facts))


def _elapsed(moment: Instant, facts: Facts) -> float:
    return max(0.0, facts.now.monotonic - moment.monotonic)

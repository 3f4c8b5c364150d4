"""What to do when a program ended by itself.

Rules, in this order:

1. A job is left alone, and so is everything with `autorestart` off, or with an exit code that was
   declared as final.
2. An end counts against the app when it was a failure (not exit code 0), came before
   `min_uptime`, or left something behind that had to be killed. `max_restarts` counted ends within
   the window are too many: it is given up. The window slides and is at least a minute, so that an
   app which dies just after `min_uptime` cannot loop for ever, while one that fails now and then,
   or a worker that ends well after each batch, goes on.
3. Otherwise it is started again, after `restart_delay`, or after the next wait of a series that
   grows by half from end to end, up to a minute, and begins anew after a run of half a minute.
   Each wait is made up to a fifth shorter or longer, so that apps which failed together do not all
   come back at the same moment.
"""

import zlib

from msgspec import Struct

from pmdaemon.core.process import UNKNOWN_EXIT, Errored, Instant, Process, Stopping
from pmdaemon.core.spec import RestartPolicy

MINIMAL_WINDOW = 60.0
"""Seconds in which ends are counted at the least, however short `min_uptime` is."""

BACKOFF_GROWTH = 1.5
BACKOFF_LIMIT = 60.0
"""Seconds; a first wait that is longer stays as it is."""

BACKOFF_RESET = 30.0
"""Seconds of a run after which the next wait is the first one again."""

JITTER = 0.2
"""The share by which a wait may be shorter or longer."""


class LeaveAlone(Struct, frozen=True):
    """It has done what it had to do."""


class GiveUp(Struct, frozen=True):
    """It cannot be kept up."""

    reason: str
    ends: tuple[float, ...]


class StartAgain(Struct, frozen=True):
    """Start it again, after `delay` seconds; `backoff` is that wait without its jitter."""

    delay: float
    ends: tuple[float, ...]
    backoff: float = 0.0


Decision = LeaveAlone | GiveUp | StartAgain


def window(policy: RestartPolicy) -> float:
    """The length of the sliding window, in seconds."""
    return max(MINIMAL_WINDOW, policy.min_uptime * policy.max_restarts)


def decide(process: Process, ending: Stopping, at: Instant) -> Decision:
    """Say what becomes of a process that ended by itself, and of which nothing is left by now."""
    policy = process.spec.restart
    ended = ending.exit or UNKNOWN_EXIT
    is_job = process.spec.job is not None
    if is_job or not policy.autorestart or ended.code in policy.stop_exit_codes:
        return LeaveAlone()
    ends = tuple(end for end in process.ends if at.monotonic - end < window(policy))
    uptime = at.monotonic - ending.run.since.monotonic
    if not ended.clean or uptime < policy.min_uptime or ending.killed:
        ends = (*ends, at.monotonic)
        if len(ends) >= policy.max_restarts:
            return GiveUp(
                f"ended {len(ends)} times within {window(policy):g} s, at last with {ended}", ends
            )
    if not policy.backoff:
        return StartAgain(policy.restart_delay, ends)
    backoff = next_backoff(policy, 0.0 if uptime > BACKOFF_RESET else process.backoff)
    return StartAgain(backoff * _jitter(process), ends, backoff)


def is_exhausted(process: Process) -> bool:
    """Tell whether it was given up because its restarts are used up, and not for another reason."""
    policy = process.spec.restart
    is_given_up = isinstance(process.state, Errored) and policy.autorestart
    return is_given_up and len(process.ends) >= policy.max_restarts


def next_backoff(policy: RestartPolicy, former: float) -> float:
    """The wait that follows after a wait of `former` seconds, or the first one after none."""
    if not former:
        return policy.backoff
    return min(former * BACKOFF_GROWTH, max(BACKOFF_LIMIT, policy.backoff))


def _jitter(process: Process) -> float:
    # By chance, as far as others can tell, and the same whenever it is asked for.
    seed = f"{process.created.wall}.{process.pm_id}.{process.epoch}".encode()
    return 1 + JITTER * (2 * zlib.crc32(seed) / 0xFFFFFFFF - 1)

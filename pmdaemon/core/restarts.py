"""What to do when a program ended by itself.

Rules, in this order:

1. With `autorestart` off, or an exit code that was declared as final, it is left alone.
2. An end counts against the app when it was a failure (not exit code 0), came before
   `min_uptime`, or left something behind that had to be killed. `max_restarts` counted ends within
   the window are too many: it is given up. The window slides and is at least a minute, so that an
   app which dies just after `min_uptime` cannot loop for ever, while one that fails now and then,
   or a worker that ends well after each batch, goes on.
3. Otherwise it is started again, after `restart_delay`.
"""

from msgspec import Struct

from pmdaemon.core.process import UNKNOWN_EXIT, Instant, Process, Stopping
from pmdaemon.core.spec import RestartPolicy

MINIMAL_WINDOW = 60.0


class LeaveAlone(Struct, frozen=True):
    """It has done what it had to do."""


class GiveUp(Struct, frozen=True):
    """It cannot be kept up."""

    reason: str
    ends: tuple[float, ...]


class StartAgain(Struct, frozen=True):
    """Start it again, after `delay` seconds."""

    delay: float
    ends: tuple[float, ...]


Decision = LeaveAlone | GiveUp | StartAgain


def window(policy: RestartPolicy) -> float:
    """The length of the sliding window, in seconds."""
    return max(MINIMAL_WINDOW, policy.min_uptime * policy.max_restarts)


def decide(process: Process, ending: Stopping, at: Instant) -> Decision:
    """Say what becomes of a process that ended by itself, and of which nothing is left by now."""
    policy = process.spec.restart
    ended = ending.exit or UNKNOWN_EXIT
    if not policy.autorestart or ended.code in policy.stop_exit_codes:
        return LeaveAlone()
    ends = tuple(end for end in process.ends if at.monotonic - end < window(policy))
    uptime = at.monotonic - ending.run.since.monotonic
    if not ended.clean or uptime < policy.min_uptime or ending.killed:
        ends = (*ends, at.monotonic)
        if len(ends) >= policy.max_restarts:
            return GiveUp(
                f"ended {len(ends)} times within {window(policy):g} s, at last with {ended}", ends
            )
    return StartAgain(policy.restart_delay, ends)

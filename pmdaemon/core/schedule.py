"""When a schedule falls due.

Cron expressions have five fields, or six with seconds first. Where clocks are set forward, a fixed
time that does not exist falls due right after the gap; where they are set back, one that exists
twice falls due once, and what goes by intervals (`*/10 * * * *`) goes on by them.
"""

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from pmdaemon.core.process import Process
from pmdaemon.core.spec import AppSpec, Schedule

if TYPE_CHECKING:
    from cronsim import CronSim

SET_BACK = 3 * 3600.0
"""Seconds: a clock that goes back by less is adjusted, and what was done is done; one that goes
back by more was wrong, and its times mean nothing."""


def schedule_of(process: Process) -> Schedule | None:
    """Take the schedule that a process is started by, if there is one."""
    job = process.spec.job
    return job.schedule if job is not None else process.spec.cron_restart


def time_limit(spec: AppSpec) -> float:
    """Say for how many seconds a run may last; 0 is no bound."""
    limits = (spec.max_runtime, spec.job.timeout if spec.job is not None else 0.0)
    return min((limit for limit in limits if limit), default=0.0)


def heeded_until(process: Process, now: float) -> float:
    """Say up to which time all that fell due was heeded; both in seconds since the epoch."""
    until = process.created.wall if process.due is None else process.due
    return now if until - now > SET_BACK else until


def next_due(schedule: Schedule, after: float, local: tzinfo) -> float | None:
    """Say when a schedule falls due for the first time after then; None when it never does.

    Args:
        schedule: Its expression was checked when it was declared.
        after: In seconds since the epoch, as is the result.
        local: The time zone of a schedule that names none.

    """
    moment = next(_times(schedule, after, local, backwards=False), None)
    return moment.timestamp() if moment is not None else None


def latest_due(schedule: Schedule, until: float, local: tzinfo) -> float | None:
    """Say when a schedule fell due for the last time, then or before; None when it never did."""
    # Times are whole seconds, and backwards the one that is begun with is left out.
    moment = next(_times(schedule, int(until) + 1, local, backwards=True), None)
    return moment.timestamp() if moment is not None else None


def _times(schedule: Schedule, start: float, local: tzinfo, *, backwards: bool) -> "CronSim":
    # Only those who have a schedule pay for these imports.
    from cronsim import CronSim  # noqa: PLC0415

    zone = local
    if schedule.timezone is not None:
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - few name a zone

        zone = ZoneInfo(schedule.timezone)
    begin = datetime.fromtimestamp(start, UTC).astimezone(zone)
    return CronSim(schedule.cron, begin, reverse=backwards)

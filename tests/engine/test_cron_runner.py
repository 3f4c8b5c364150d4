import pytest

from pmdaemon.core.process import Cause, ProcessState, Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Job, Schedule
from pmdaemon.engine.cron_runner import LONGEST_SLEEP
from tests.support.builders import an_app
from tests.support.engine import settle

HOURLY = Schedule("0 * * * *")
WEB = [Selector.parse("web")]

# The fake clock begins at 22:13:20 UTC.
TO_THE_HOUR = 46 * 60 + 40.0
HOUR = 3600.0


def job(overlap="skip"):
    return an_app(job=Job(HOURLY, overlap=overlap))


async def pass_time(parts, seconds):
    """Let time go by in steps, so that what falls due is done before the next does."""
    while seconds > 0:
        parts.clock.advance(min(seconds, LONGEST_SLEEP))
        await settle()
        seconds -= LONGEST_SLEEP


def launches(parts):
    return len(parts.launcher.orders)


async def end_run(parts):
    parts.launcher.end(parts.launcher.launched[-1])
    await settle()


async def test_a_job_does_not_run_before_it_is_due(parts):
    await parts.start(job())

    await pass_time(parts, TO_THE_HOUR - 1)
    assert launches(parts) == 0
    assert parts.triggers.cron.next_due(0) == parts.clock.now().wall + 1

    await pass_time(parts, 1)
    assert launches(parts) == 1


async def test_a_job_runs_once_each_time_it_is_due(parts):
    await parts.start(job())

    for _ in range(3):
        await pass_time(parts, HOUR)
        await end_run(parts)

    assert launches(parts) == 3


async def test_a_job_may_be_asked_for(parts):
    await parts.start(job())

    await parts.engine.processes.start(WEB)

    assert parts.state(0) is ProcessState.ONLINE


@pytest.mark.parametrize(("overlap", "runs"), [("skip", 1), ("queue", 2), ("replace", 2)])
async def test_what_falls_due_while_it_runs_is_skipped_or_queued_or_replaces_it(
    parts, overlap, runs
):
    await parts.start(job(overlap))
    await pass_time(parts, TO_THE_HOUR + HOUR)

    if overlap != "replace":
        assert launches(parts) == 1
        await end_run(parts)

    assert launches(parts) == runs


async def test_a_restart_by_schedule_says_so(parts):
    await parts.start(an_app(cron_restart=HOURLY))

    await pass_time(parts, TO_THE_HOUR)

    process = parts.supervisor.processes[0]
    assert (launches(parts), process.last_cause, process.restarts) == (2, Cause.SCHEDULED, 1)


async def test_a_schedule_starts_what_was_stopped_and_nothing_that_is_blocked(parts):
    await parts.start(an_app(cron_restart=HOURLY))
    await parts.engine.processes.stop(WEB)

    await parts.engine.processes.block(WEB)
    await pass_time(parts, TO_THE_HOUR)
    assert launches(parts) == 1

    await parts.engine.processes.unblock(WEB)
    await pass_time(parts, HOUR)
    assert launches(parts) == 2
    assert parts.supervisor.processes[0].wish is Wish.UP


async def take_over(parts):
    """Do what the next daemon does, after one that triggered nothing for a while."""
    parts.triggers.cron.start()
    await settle()


async def test_a_daemon_that_comes_back_makes_up_for_what_was_missed_once(parts):
    await parts.start(job())
    parts.triggers.cron.stop()
    parts.clock.advance(5 * HOUR)

    await take_over(parts)
    await end_run(parts)
    await pass_time(parts, 1)
    assert launches(parts) == 1

    await pass_time(parts, HOUR)
    assert launches(parts) == 2


async def test_a_daemon_that_comes_back_repeats_nothing(parts):
    await parts.start(job())
    await pass_time(parts, TO_THE_HOUR)
    await end_run(parts)
    parts.triggers.cron.stop()

    await take_over(parts)

    assert launches(parts) == 1


async def test_a_clock_that_is_set_forward_skips_to_once(parts):
    await parts.start(job())

    parts.clock.jump_wall(10 * HOUR)
    await pass_time(parts, LONGEST_SLEEP)

    assert launches(parts) == 1


async def test_a_clock_that_is_set_back_a_little_repeats_nothing(parts):
    await parts.start(job())
    await pass_time(parts, TO_THE_HOUR)
    await end_run(parts)

    parts.clock.jump_wall(-HOUR / 2)
    await pass_time(parts, HOUR)
    assert launches(parts) == 1

    await pass_time(parts, HOUR)
    assert launches(parts) == 2


async def test_a_clock_that_was_wrong_by_years_is_forgotten(parts):
    await parts.start(job())
    parts.clock.jump_wall(1000 * 86400)
    await pass_time(parts, HOUR)
    await end_run(parts)

    parts.clock.jump_wall(-1000 * 86400)
    await pass_time(parts, 2 * HOUR)

    assert launches(parts) == 2


async def test_another_schedule_begins_when_it_is_declared(parts):
    await parts.start(job())
    await pass_time(parts, TO_THE_HOUR + 60)
    await end_run(parts)
    every_minute = an_app(job=Job(Schedule("* * * * *")))

    await parts.engine.processes.start_apps([every_minute], existing="restart")
    assert launches(parts) == 1
    await pass_time(parts, 60)

    assert launches(parts) == 2


async def test_a_run_that_goes_on_is_not_disturbed_by_a_new_declaration(parts):
    await parts.start(job())
    await pass_time(parts, TO_THE_HOUR)
    running = parts.identity(0)

    await parts.engine.processes.start_apps([job("queue")], existing="restart")

    assert parts.identity(0) == running
    assert parts.supervisor.processes[0].spec.job.overlap == "queue"


async def test_what_is_deleted_is_due_no_more(parts):
    await parts.start(job())
    await parts.engine.processes.delete(WEB)

    await pass_time(parts, HOUR)

    assert launches(parts) == 0
    assert parts.triggers.cron.next_due(0) is None

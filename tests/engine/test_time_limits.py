from pmdaemon.core.process import Cause, ProcessState
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Job, RestartPolicy, Schedule
from tests.support.builders import an_app
from tests.support.engine import settle

WEB = [Selector.parse("web")]


def job(timeout):
    return an_app(job=Job(Schedule("0 0 1 1 *"), timeout=timeout))


async def run_for(parts, seconds, timeout=60.0):
    await parts.start(job(timeout))
    await parts.engine.processes.start(WEB)
    parts.clock.advance(seconds)
    await settle()


async def test_a_run_that_takes_too_long_is_ended_and_left_alone(parts):
    await run_for(parts, 60.0)

    process = parts.supervisor.processes[0]
    assert (process.state.kind, process.last_cause) == (ProcessState.EXITED, Cause.TIMED_OUT)
    assert len(parts.launcher.orders) == 1


async def test_a_run_may_take_as_long_as_its_limit(parts):
    await run_for(parts, 59.9)

    assert parts.state(0) is ProcessState.ONLINE


async def test_without_a_limit_a_run_takes_as_long_as_it_takes(parts):
    await run_for(parts, 1e6, timeout=0.0)

    assert parts.state(0) is ProcessState.ONLINE


async def test_the_next_run_has_its_own_time(parts):
    await run_for(parts, 40.0)
    await parts.engine.processes.restart(WEB)

    parts.clock.advance(40.0)
    await settle()

    assert parts.state(0) is ProcessState.ONLINE


async def test_a_run_of_a_former_daemon_has_the_time_that_is_left(parts):
    await run_for(parts, 40.0)
    parts.triggers.time_limits.stop()
    parts.clock.advance(100.0)
    await settle()
    assert parts.state(0) is ProcessState.ONLINE

    parts.triggers.time_limits.start()
    parts.clock.advance(0.0)
    await settle()

    assert parts.state(0) is ProcessState.EXITED


async def ends_at_eleven(parts, **more):
    """Run an app that its schedule ends at 23:00; the fake clock begins at 22:13:20."""
    await parts.start(an_app(cron_stop=Schedule("0 23 * * *"), **more))
    return 46 * 60 + 40.0


async def test_a_schedule_ends_a_run_and_leaves_it_alone(parts):
    left = await ends_at_eleven(parts)

    parts.clock.advance(left - 0.1)
    await settle()
    assert parts.state(0) is ProcessState.ONLINE

    parts.clock.advance(0.1)
    await settle()
    process = parts.supervisor.processes[0]
    assert (process.state.kind, process.last_cause) == (ProcessState.EXITED, Cause.END_DUE)

    parts.clock.advance(3600.0)
    await settle()
    assert len(parts.launcher.orders) == 1


async def test_a_run_that_begins_after_that_lasts_until_the_next_day(parts):
    left = await ends_at_eleven(parts)
    parts.clock.advance(left)
    await settle()

    await parts.engine.processes.start(WEB)
    process = parts.supervisor.processes[0]

    assert parts.triggers.time_limits.ends_at(process) == parts.clock.now().wall + 86400.0


async def test_a_clock_that_is_set_forward_ends_it_within_a_minute(parts):
    left = await ends_at_eleven(parts)

    parts.clock.jump_wall(left)
    parts.clock.advance(60.0)
    await settle()

    assert parts.state(0) is ProcessState.EXITED


async def test_what_should_have_ended_while_no_daemon_ran_is_ended_by_the_next(parts):
    left = await ends_at_eleven(parts)
    parts.triggers.time_limits.stop()
    parts.clock.advance(left + 100.0)
    await settle()
    assert parts.state(0) is ProcessState.ONLINE

    parts.triggers.time_limits.start()
    await settle()

    assert parts.state(0) is ProcessState.EXITED


async def test_what_starts_by_schedule_comes_again_after_its_end(parts):
    left = await ends_at_eleven(parts, cron_restart=Schedule("30 23 * * *"))
    parts.clock.advance(left)
    await settle()
    assert parts.state(0) is ProcessState.EXITED

    parts.clock.advance(1800.0)
    await settle()

    assert parts.state(0) is ProcessState.ONLINE


async def test_any_app_may_have_a_limit_and_is_started_anew_then(parts):
    await parts.start(an_app(max_runtime=60.0))

    parts.clock.advance(60.0)
    await settle()

    process = parts.supervisor.processes[0]
    assert (process.state.kind, process.restarts) == (ProcessState.ONLINE, 1)


async def test_another_limit_holds_for_what_runs_already(parts):
    await parts.start(an_app(max_runtime=600.0))
    parts.clock.advance(30.0)

    shorter = an_app(max_runtime=20.0, restart=RestartPolicy(autorestart=False))
    await parts.engine.processes.apply([shorter], prune=False, dry_run=False)
    await settle()

    assert parts.state(0) is ProcessState.EXITED

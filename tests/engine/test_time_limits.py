import pytest

from pmdaemon.core.process import Cause, ProcessState
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Job, Schedule
from tests.support.builders import an_app
from tests.support.engine import engine_on_fakes, settle

WEB = [Selector.parse("web")]


def job(timeout):
    return an_app(job=Job(Schedule("0 0 1 1 *"), timeout=timeout))


@pytest.fixture
async def parts(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        yield parts


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

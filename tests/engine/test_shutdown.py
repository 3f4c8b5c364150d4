import asyncio

import pytest

from pmdaemon.core.notices import EndingBegan
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.shutdown import DEADLINE, Shutdown
from tests.support.builders import an_app
from tests.support.engine import engine_on_fakes
from tests.support.waiting import eventually


@pytest.fixture
async def parts(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        await parts.start(an_app(name="web"))
        yield parts


async def test_programs_end_first_and_then_the_daemon(parts):
    living = []
    shutdown = Shutdown(
        processes=parts.engine.processes,
        bus=parts.bus,
        end=lambda: living.append(parts.world.living()),
    )

    assert await shutdown.finished() == ()

    assert living == [[]]
    assert parts.engine.processes.is_ending


async def test_to_begin_is_not_to_wait(parts):
    parts.engine.shutdown.begin()
    assert parts.world.living() != []

    await eventually(lambda: not parts.world.living())
    async with asyncio.timeout(60):
        await parts.engine.ending.wait()
    assert parts.engine.ending.for_good


async def test_to_ask_twice_is_to_ask_once(parts):
    ends = []
    shutdown = Shutdown(
        processes=parts.engine.processes, bus=parts.bus, end=lambda: ends.append("end")
    )

    shutdown.begin()
    shutdown.begin()
    await asyncio.gather(shutdown.finished(), shutdown.finished())

    assert ends == ["end"]


async def test_who_waits_no_longer_takes_nothing_back(parts):
    waiting = asyncio.get_running_loop().create_task(parts.engine.shutdown.finished())
    await asyncio.sleep(0)

    waiting.cancel()

    await eventually(lambda: not parts.world.living())
    assert await parts.engine.shutdown.finished() == ()


async def test_what_survives_is_told_and_the_daemon_ends_all_the_same(parts):
    parts.program(0).unkillable = True
    shutdown = parts.engine.shutdown
    waiting = asyncio.get_running_loop().create_task(shutdown.finished())

    while not waiting.done():
        parts.clock.advance(10.0)
        await asyncio.sleep(0)

    [failure] = waiting.result()
    assert "web" in failure.message
    async with asyncio.timeout(60):
        await parts.engine.ending.wait()


async def test_what_is_stopped_stays_so(parts):
    await parts.engine.processes.stop([Selector.parse("web")])

    assert await parts.engine.shutdown.finished() == ()


async def test_that_it_has_begun_is_told_once(parts):
    told = []
    parts.bus.subscribe(lambda one: told.append(one) if isinstance(one, EndingBegan) else None)

    await parts.engine.shutdown.finished()
    await parts.engine.shutdown.finished()

    assert told == [EndingBegan(DEADLINE)]


async def test_what_does_not_end_in_time_is_told(parts):
    parts.program(0).ignores = frozenset({"SIGINT"})
    shutdown = Shutdown(
        processes=parts.engine.processes, bus=parts.bus, end=parts.engine.ending.ask, deadline=0.0
    )

    [failure] = await shutdown.finished()

    assert failure.message == "not all programs ended within 0 s"

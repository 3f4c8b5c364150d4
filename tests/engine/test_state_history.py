import asyncio

import pytest

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.process import ProcessState
from pmdaemon.core.selectors import Selector
from pmdaemon.core.state_history import StateQuery
from pmdaemon.engine.state_history import StateHistory
from tests.support.builders import an_app

WEB = [Selector.parse("web")]
ALL = StateQuery(limit=99)


async def states(history):
    return [one.state for one in await history.find(ALL)]


async def test_every_change_of_a_process_is_found_at_once(parts):
    await parts.start(an_app())
    parts.clock.advance(60.0)
    await parts.engine.processes.stop(WEB)
    await parts.engine.processes.delete(WEB)

    found = await parts.engine.states.find(ALL)

    assert [one.state for one in found][-1] is None
    assert [one.state for one in found][-2] is ProcessState.STOPPED
    assert ProcessState.ONLINE in {one.state for one in found}
    assert found[-1].time - found[0].time == 60.0


async def test_changes_are_written_without_being_asked_for(parts):
    working = StateHistory(clock=parts.clock, bus=parts.bus, store=parts.states)
    await parts.start(an_app())
    assert await parts.states.find(ALL) == []

    task = asyncio.get_running_loop().create_task(working.work())
    while not await parts.states.find(ALL):
        await asyncio.sleep(0)
    task.cancel()


async def test_what_waits_to_be_written_is_written_at_the_end(parts):
    history = StateHistory(clock=parts.clock, bus=parts.bus, store=parts.states)
    await parts.start(an_app())

    await history.finish()

    assert await parts.states.find(ALL) != []


async def test_what_cannot_be_written_is_lost_and_holds_nobody_up(parts, caplog):
    parts.states.failure = StoreUnavailable("its disk is full")
    await parts.start(an_app())
    with pytest.raises(StoreUnavailable):
        await parts.engine.states.find(ALL)
    assert "states.lost" in caplog.text

    parts.states.failure = None
    await parts.engine.processes.stop(WEB)
    assert ProcessState.STOPPED in await states(parts.engine.states)

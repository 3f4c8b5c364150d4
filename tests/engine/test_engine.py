import asyncio

import pytest

from pmdaemon.engine.engine import Ending
from tests.support.waiting import eventually


async def test_an_end_is_waited_for_until_it_is_asked_for():
    ending = Ending()
    waiting = asyncio.get_running_loop().create_task(ending.wait())
    await asyncio.sleep(0)
    assert not waiting.done()

    ending.ask()

    await eventually(waiting.done)
    assert ending.for_good


@pytest.mark.parametrize("wishes", [(False, True), (True, False)])
async def test_to_end_for_good_outweighs_making_way(wishes):
    ending = Ending()

    for for_good in wishes:
        ending.ask(for_good=for_good)

    assert ending.for_good


async def test_a_daemon_may_be_asked_to_make_way_twice():
    ending = Ending()

    ending.ask(for_good=False)
    ending.ask(for_good=False)

    assert not ending.for_good

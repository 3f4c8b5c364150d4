import asyncio

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


async def test_the_first_wish_counts():
    ending = Ending()

    ending.ask(for_good=False)
    ending.ask()

    assert not ending.for_good

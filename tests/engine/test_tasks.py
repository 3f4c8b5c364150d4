import asyncio
import gc

from pmdaemon.engine import tasks
from tests.support.waiting import eventually


async def test_a_failure_is_logged_with_the_name_of_the_task(caplog):
    async def fail():
        raise ValueError("broken")

    task = tasks.spawn(fail(), name="failing")

    await eventually(task.done)
    await eventually(lambda: "task.failed name=failing" in caplog.text)
    assert "broken" in caplog.text


async def test_a_task_that_nobody_holds_is_not_lost():
    go_on, done = asyncio.Event(), []

    async def work():
        await go_on.wait()
        done.append(True)

    tasks.spawn(work(), name="working")
    await asyncio.sleep(0)
    gc.collect()

    go_on.set()

    await eventually(lambda: done)


async def test_an_end_is_no_failure(caplog):
    async def work():
        await asyncio.Event().wait()

    cancelled, finished = tasks.spawn(work(), name="a"), tasks.spawn(asyncio.sleep(0), name="b")

    await asyncio.sleep(0)
    cancelled.cancel()

    await eventually(lambda: cancelled.done() and finished.done())
    assert caplog.text == ""

import asyncio
import threading

import pytest

from pmdaemon.control.threads import in_thread
from tests.support.waiting import eventually


async def test_what_a_thread_finds_is_returned_and_what_it_raises_is_raised():
    assert await in_thread(lambda: threading.current_thread() is threading.main_thread()) is False
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_who_is_cancelled_waits_for_the_thread_and_has_its_result_undone(fails):
    begun, go_on = threading.Event(), threading.Event()
    order = []

    def work():
        begun.set()
        go_on.wait(60)
        order.append("worked")
        if fails:
            raise OSError
        return "result"

    task = asyncio.get_running_loop().create_task(in_thread(work, undo=order.append))
    await eventually(begun.is_set)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()

    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert order == (["worked"] if fails else ["worked", "result"])

import asyncio
import gc

import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import Cause, Online, Starting, Stopped, Stopping
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import Dependency
from pmdaemon.server.progress import waiting_for, with_progress
from tests.support.builders import NOW, a_process, a_run, an_app


class Listener:
    """A conversation with a client that hears, until it hangs up."""

    def __init__(self):
        self.heard = []
        self.gone = False
        self.told = asyncio.Event()

    async def send(self, reply):
        self.told.set()
        if self.gone:
            raise ConnectionResetError
        self.heard.append(reply)


def snapshots(*states):
    return [
        ProcessSnapshot(
            process=a_process(pm_id=pm_id, spec=an_app(name=f"app{pm_id}"), state=state),
            sample=Sample(),
            out_file="",
            error_file="",
            at=NOW,
        )
        for pm_id, state in enumerate(states)
    ]


STOPPING = Stopping(a_run(), Cause.STOP_REQUESTED)


async def test_quick_work_is_done_without_a_word():
    listener = Listener()

    async def work():
        return {"done": True}

    assert await with_progress(work(), listener, lambda: "waiting") == {"done": True}
    assert listener.heard == []


async def test_work_that_lasts_is_told_of_until_it_is_done():
    listener = Listener()

    async def work():
        await listener.told.wait()
        return {"done": True}

    result = await with_progress(work(), listener, lambda: "waiting for it", interval=0.001)

    assert result == {"done": True}
    assert listener.heard[0] == {"progress": "waiting for it"}


async def test_an_error_of_the_work_comes_through():
    async def work():
        raise LookupError("no")

    with pytest.raises(LookupError):
        await with_progress(work(), Listener(), lambda: "waiting")


async def test_work_goes_on_when_the_client_hangs_up():
    listener = Listener()
    listener.gone = True
    done = []

    async def work():
        await listener.told.wait()
        done.append(True)
        return {}

    with pytest.raises(ConnectionError):
        await with_progress(work(), listener, lambda: "waiting", interval=0.001)

    assert done == [True]


async def test_a_refusal_that_nobody_hears_any_more_is_no_fault():
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    listener = Listener()
    listener.gone = True

    async def work():
        await listener.told.wait()
        raise OperationFailed("it did not answer")

    with pytest.raises(ConnectionError):
        await with_progress(work(), listener, lambda: "waiting", interval=0.001)
    gc.collect()

    assert faults == []


async def test_work_ends_with_the_daemon():
    begun = asyncio.Event()
    ended = asyncio.Event()

    async def work():
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.get_running_loop().create_task(
        with_progress(work(), Listener(), lambda: "waiting")
    )
    await begun.wait()
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    await ended.wait()


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ([STOPPING, Online(a_run())], "waiting for app0 (id 0) to end"),
        ([Stopped(), Starting()], "waiting for app1 (id 1) to start"),
        ([STOPPING, Starting()], "waiting for app0 (id 0) to end and app1 (id 1) to start"),
        (
            [STOPPING] * 5,
            "waiting for app0 (id 0), app1 (id 1), app2 (id 2), 2 more to end",
        ),
        ([Stopped()], "still working"),
    ],
)
def test_what_is_waited_for_has_a_name(states, sentence):
    assert waiting_for(snapshots(*states)) == sentence


def test_what_waits_for_others_is_named_too():
    (held,) = snapshots(Stopped())
    spec = an_app(name="web", depends_on=(Dependency("db"),))
    held = replace(held, process=replace(held.process, spec=spec))

    assert waiting_for([held]) == "waiting for what web (id 0) depends on"

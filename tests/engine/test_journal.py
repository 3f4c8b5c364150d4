import asyncio

import pytest

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.journal import EntryQuery, Severity
from pmdaemon.core.notices import EntryWritten, ProcessChanged
from pmdaemon.core.process import Online
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.journal import Journal
from tests.fakes.clock import FakeClock
from tests.fakes.journal import MemoryJournal
from tests.support.builders import a_process, a_run
from tests.support.waiting import eventually

ALL = EntryQuery(limit=10_000)


class Scene:
    def __init__(self):
        self.bus, self.store, self.clock = Bus(), MemoryJournal(), FakeClock()
        self.journal = Journal(clock=self.clock, bus=self.bus, store=self.store)
        self.told = []
        self.bus.subscribe(
            lambda one: self.told.append(one.entry) if isinstance(one, EntryWritten) else None
        )

    def change(self, pm_id=0):
        up = a_process(pm_id=pm_id, state=Online(a_run()))
        self.bus.publish(ProcessChanged(a_process(pm_id=pm_id), up))


@pytest.fixture
def scene():
    return Scene()


async def test_what_is_submitted_is_written_when_that_returns_and_told(scene):
    entry = await scene.journal.submit(
        "hello", severity=Severity.WARN, category="api-x", process="web", consumer="ci"
    )

    assert await scene.store.find(ALL) == [entry]
    assert scene.told == [entry]
    assert entry.time == scene.clock.now().wall


async def test_what_cannot_be_written_is_refused_and_not_told(scene):
    scene.store.failure = StoreUnavailable("disk full")

    with pytest.raises(StoreUnavailable):
        await scene.journal.submit("hello", severity=Severity.LOG, category="api-x")

    assert scene.told == []


async def test_what_happens_is_told_at_once_and_found_before_it_is_written(scene):
    scene.change()

    assert [one.category for one in scene.told] == ["starting"]
    assert await scene.journal.find(ALL) == scene.told


async def test_what_happens_is_written_without_being_asked_for(scene):
    task = asyncio.get_running_loop().create_task(scene.journal.work())
    scene.change()

    async def is_written():
        return len(await scene.store.find(ALL)) == 1

    while not await is_written():
        await asyncio.sleep(0)
    task.cancel()


async def test_what_waits_to_be_written_is_written_at_the_end(scene):
    scene.change()

    await scene.journal.finish()

    assert len(await scene.store.find(ALL)) == 1


async def test_a_store_that_fails_holds_nobody_up(scene, caplog):
    scene.store.failure = StoreUnavailable("disk full")
    task = asyncio.get_running_loop().create_task(scene.journal.work())
    scene.change()
    await eventually(lambda: "journal.lost" in caplog.text)
    scene.store.failure = None

    scene.change(pm_id=1)

    assert len(await scene.journal.find(ALL)) == 1
    assert not task.done()
    task.cancel()

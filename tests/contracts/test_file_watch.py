"""What every FileWatch does: the one made up, inotify, and looking now and then."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pmdaemon.adapters.file_polling import INTERVAL, PollingFileWatch
from pmdaemon.adapters.inotify import InotifyFileWatch
from pmdaemon.core.watching import WatchOrder
from pmdaemon.engine.interfaces import FileWatch
from tests.fakes.clock import FakeClock
from tests.fakes.file_watch import FakeFileWatch
from tests.support.waiting import eventually


class World:
    """A folder with files, and somebody who watches it."""

    def __init__(self, kind: str, root: Path) -> None:
        self.root = root
        self.clock = FakeClock()
        self.fake = FakeFileWatch()
        self.watch: FileWatch = {
            "fake": lambda: self.fake,
            "inotify": lambda: InotifyFileWatch(self.clock),
            "polling": lambda: PollingFileWatch(self.clock),
        }[kind]()
        self.told: list[str] = []

    def order(self, *paths: str, ignore: tuple[str, ...] = ()) -> WatchOrder:
        return WatchOrder(
            tuple(str(self.root / path) for path in paths) or (str(self.root),), ignore
        )

    def write(self, path: str, text: str = "x") -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)
        self.fake.change(str(self.root / path))

    def remove(self, path: str) -> None:
        (self.root / path).unlink()
        self.fake.change(str(self.root / path))

    def look(self) -> bool:
        """Give those who look now and then the occasion; tell whether there was news."""
        self.clock.advance(INTERVAL)
        return bool(self.told)

    async def news(self) -> list[str]:
        await eventually(self.look)
        told = list(self.told)
        self.told.clear()
        return [os.path.relpath(path, self.root) for path in told]


@pytest.fixture(params=["fake", "inotify", "polling"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    made = World(request.param, tmp_path)
    made.write("src/app.js")
    made.write("node_modules/x/index.js")
    made.write("marker")
    return made


async def quiet(world: World) -> None:
    """Make sure that all that came before is told, by a change that is told for sure."""
    world.write("marker", "y" * (len(world.told) + 2))
    await eventually(lambda: world.look() and any(path.endswith("marker") for path in world.told))
    told = [path for path in world.told if not path.endswith("marker")]
    assert told == []
    world.told.clear()


Change = Callable[[World], None]


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.write("src/app.js", "changed"),
        lambda world: world.write("src/new.js"),
        lambda world: world.write("src/deep/er/new.js"),
        lambda world: world.remove("src/app.js"),
    ],
    ids=["changed", "added", "added-in-new-folders", "removed"],
)
async def test_a_change_is_told(world: World, change: Change):
    watching = world.watch.watch(world.order(), world.told.append)

    change(world)

    assert all(path.startswith("src") for path in await world.news())
    watching.cancel()


async def test_what_is_ignored_is_not_told(world: World):
    order = world.order(ignore=("node_modules", "*.log"))
    watching = world.watch.watch(order, world.told.append)

    world.write("node_modules/x/index.js", "changed")
    world.write("src/app.log")

    await quiet(world)
    watching.cancel()


async def test_changes_in_folders_that_came_later_are_told(world: World):
    watching = world.watch.watch(world.order(), world.told.append)
    world.write("later/a.js")
    await world.news()

    world.write("later/a.js", "changed")

    assert "later/a.js" in await world.news()
    watching.cancel()


async def test_one_file_may_be_watched_alone(world: World):
    watching = world.watch.watch(world.order("src/app.js", "marker"), world.told.append)

    world.write("src/other.js")
    await quiet(world)
    world.write("src/app.js", "changed")

    assert set(await world.news()) == {"src/app.js"}
    watching.cancel()


async def test_two_may_watch_the_same(world: World):
    others: list[str] = []
    first = world.watch.watch(world.order(), world.told.append)
    second = world.watch.watch(world.order("src"), others.append)

    world.write("src/app.js", "changed")
    await world.news()
    assert others

    first.cancel()
    others.clear()
    world.write("src/app.js", "changed again")
    await eventually(lambda: world.clock.advance(INTERVAL) or others)
    assert world.told == []
    second.cancel()


async def test_nothing_is_told_when_it_is_over(world: World):
    watching = world.watch.watch(world.order(), world.told.append)
    other = world.watch.watch(world.order("marker"), world.told.append)
    watching.cancel()

    world.write("src/app.js", "changed")

    await quiet(world)
    other.cancel()

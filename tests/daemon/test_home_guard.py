import pytest

from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.config.paths import Home
from pmdaemon.daemon.home_guard import LOOK_EVERY, HomeGuard
from tests.fakes.clock import FakeClock
from tests.support.waiting import eventually


class Guarded:
    """A home with a store and something in the place of its socket."""

    def __init__(self, path) -> None:
        path.mkdir(0o700)
        self.home = Home(str(path))
        self.socket = path / "daemon.sock"
        self.socket.touch()
        self.database = path / "state.db"
        self.clock = FakeClock()
        self.made_way = 0
        self.store = SqliteStore(self.database)
        self.guard = HomeGuard(self.home, self.store, self.clock, self.make_way)

    def make_way(self) -> None:
        self.made_way += 1


@pytest.fixture
async def guarded(tmp_path):
    guarded = Guarded(tmp_path / "home")
    async with guarded.store:
        guarded.guard.start()
        yield guarded


async def test_a_daemon_whose_socket_is_gone_makes_way_once(guarded):
    guarded.socket.unlink()

    guarded.clock.advance(LOOK_EVERY)
    await eventually(lambda: guarded.made_way)
    guarded.clock.advance(10 * LOOK_EVERY)

    assert guarded.made_way == 1
    assert guarded.clock.pending == 0


async def test_the_store_is_put_back_and_the_daemon_stays(guarded):
    guarded.clock.advance(3 * LOOK_EVERY)
    guarded.database.unlink()

    guarded.clock.advance(LOOK_EVERY)

    await eventually(guarded.database.exists)
    assert guarded.made_way == 0


async def test_a_daemon_that_cannot_put_its_store_back_stays(guarded, caplog):
    guarded.socket.unlink()
    guarded.database.unlink()
    guarded.database.write_text("another")

    guarded.clock.advance(LOOK_EVERY)

    await eventually(lambda: "home.not_put_back" in caplog.text)
    assert guarded.made_way == 0
    guarded.database.unlink()
    guarded.clock.advance(LOOK_EVERY)
    await eventually(lambda: guarded.made_way)


async def test_who_has_stopped_looks_no_more(guarded):
    guarded.guard.stop()
    guarded.socket.unlink()

    guarded.clock.advance(10 * LOOK_EVERY)

    assert guarded.made_way == 0

from pmdaemon.adapters.file_polling import INTERVAL, PollingFileWatch, folders
from pmdaemon.core.watching import WatchOrder
from tests.fakes.clock import FakeClock


def test_folders_that_are_ignored_are_not_looked_into(tmp_path):
    for path in ("src/deep", "node_modules/x", ".git"):
        (tmp_path / path).mkdir(parents=True)
    order = WatchOrder((str(tmp_path),), ("node_modules", ".*"))

    walked = [folder for folder, _ in folders(order, str(tmp_path), str(tmp_path))]

    assert walked == [str(tmp_path / path) for path in ("", "src", "src/deep")]


def test_it_looks_at_its_interval_and_not_before(tmp_path):
    clock, told = FakeClock(), []
    watching = PollingFileWatch(clock).watch(WatchOrder((str(tmp_path),)), told.append)
    (tmp_path / "a.js").write_text("x")

    clock.advance(INTERVAL - 0.1)
    assert told == []
    clock.advance(0.1)
    assert told == [str(tmp_path / "a.js")]

    watching.cancel()
    assert clock.pending == 0


def test_our_own_files_are_left_out(tmp_path):
    clock, told = FakeClock(), []
    watch = PollingFileWatch(clock, never=(str(tmp_path / "home"),))
    watch.watch(WatchOrder((str(tmp_path),)), told.append)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/store.db").write_text("x")

    clock.advance(INTERVAL)

    assert told == []

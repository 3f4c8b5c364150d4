import sys

import pytest

from pmdaemon.adapters import file_watch
from pmdaemon.adapters.file_polling import PollingFileWatch
from pmdaemon.adapters.file_watch import SystemFileWatch
from pmdaemon.adapters.inotify import InotifyFileWatch
from pmdaemon.core.watching import WatchOrder
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize(
    ("system", "means"), [("linux", InotifyFileWatch), ("darwin", PollingFileWatch)]
)
async def test_each_system_has_its_means(tmp_path, monkeypatch, system, means):
    monkeypatch.setattr(file_watch.sys, "platform", system)
    watch = SystemFileWatch(FakeClock())

    watching = watch.watch(WatchOrder((str(tmp_path),)), print)
    monkeypatch.undo()

    assert isinstance(watch._means, means)
    watching.cancel()
    assert sys.platform != "win32"


async def test_all_share_one(tmp_path):
    watch = SystemFileWatch(FakeClock())
    first = watch.watch(WatchOrder((str(tmp_path),)), print)
    means = watch._means

    second = watch.watch(WatchOrder((str(tmp_path),)), print)

    assert watch._means is means
    first.cancel()
    second.cancel()

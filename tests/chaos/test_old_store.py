import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.daemon import a_daemon, until
from tests.support.ports import free_port

pytestmark = [pytest.mark.posix, pytest.mark.slow]

STORES = sorted((Path(__file__).parents[1] / "data").glob("store_v*.db"))


@pytest.fixture(params=STORES, ids=lambda path: path.stem)
def home(request, tmp_path):
    """Give a home whose store an earlier release wrote; its web side is to be on loopback."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    shutil.copy(request.param, home / "state.db")
    web = {"host": "127.0.0.1", "tcp_port": free_port(), "api_key_digest": "ab12"}
    with closing(sqlite3.connect(home / "state.db")) as store, store:
        store.execute("UPDATE settings SET value = ? WHERE key = 'web'", [json.dumps(web)])
    return home


def test_the_store_of_an_earlier_release_is_carried_on(home):
    with a_daemon(home) as daemon:

        def views():
            return {one["pm_id"]: one for one in daemon.request("list")["processes"]}

        # What was being deleted is gone.
        assert {pm_id: one["wish"] for pm_id, one in views().items()} == {
            0: "down",
            **dict.fromkeys([1, 2, 4, 5, 6, 9], "up"),
        }
        # What was up was brought up again; its programs are not there, or end at once.
        until(lambda: {views()[one]["state"] for one in (1, 2, 4, 5)} <= {"errored", "exited"})
        assert [views()[one]["state"] for one in (0, 6, 9)] == ["stopped", "exited", "errored"]
        assert views()[2]["restarts"] == 4
        assert views()[9]["reason"]
        daemon.start_apps({"name": "new", "script": "sleep", "args": ["1000"]})
        assert daemon.processes()["new"]["pm_id"] == 10

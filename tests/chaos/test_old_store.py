import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import a_home
from tests.support.daemon import a_daemon, until
from tests.support.ports import free_port

pytestmark = [pytest.mark.posix, pytest.mark.slow]

DATA = Path(__file__).parents[1] / "data"


def a_home_of(store, home, key, **setting):
    """Make a home whose store was written before; what it listens on is to be on loopback."""
    home.mkdir(mode=0o700)
    shutil.copy(DATA / store, home / "state.db")
    with closing(sqlite3.connect(home / "state.db")) as kept, kept:
        kept.execute("UPDATE settings SET value = ? WHERE key = ?", [json.dumps(setting), key])
    return home


def test_the_very_first_store_is_carried_on(tmp_path):
    home = a_home_of(
        "store_v1.db",
        tmp_path / "home",
        "web",
        host="127.0.0.1",
        tcp_port=free_port(),
        api_key_digest="ab12",
    )
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


def test_all_that_the_store_before_the_latest_kept_is_there(tmp_path):
    """It has apps in all wishes, a job, a key, a published app, a project, and its deployment."""
    port = free_port()
    home = a_home_of("store_v10.db", tmp_path / "home", "gateway", host="localhost", http_port=port)
    with a_home(tmp_path, home) as pmdaemon:

        def told(*words):
            return pmdaemon.run(*words, "--json").json

        wishes = {one["name"]: one["wish"] for one in told("list")}

        # The job was due long ago, which is made up for.
        pmdaemon.when("nightly", lambda one: one["state"] == "exited")
        del wishes["nightly"]
        assert wishes == {"app": "up", "idle": "down", "hello@1": "up"}
        pmdaemon.when("app", lambda one: one["state"] == "online")  # brought up again
        assert [one["name"] for one in told("token", "--list")] == ["ci"]
        assert told("project", "show", "hello")["url"] == f"http://hello.localhost:{port}"
        assert [one["live"] for one in told("deployments", "hello")["deployments"]] == [True]

"""`jlist`: what scripts that were written for PM2 read."""

import pytest

from tests.acceptance.conftest import FOREVER

pytestmark = pytest.mark.shared_home


def test_the_list_is_in_the_shape_of_pm2(pmdaemon):
    pmdaemon.script("app.py", "import time\ntime.sleep(1000)\n")
    pmdaemon.run("start", "app.py", "--env", "COLOUR=blue", "--max-memory-restart", "1G")
    pmdaemon.run("start", FOREVER, "--name", "down")
    pmdaemon.run("stop", "down")
    # What has only just been executed uses so little that Linux rounds it down to nothing.
    pmdaemon.when("app", lambda process: process["memory"] > 0)

    app, down = pmdaemon.run("jlist").json

    environment = app["pm2_env"]
    assert (app["name"], app["pm_id"], app["pid"]) == ("app", 0, pmdaemon.pid("app"))
    assert (environment["status"], environment["restart_time"]) == ("online", 0)
    assert environment["pm_exec_path"] == str(pmdaemon.work / "app.py")
    assert environment["exec_interpreter"] == "python3"
    assert environment["pm_cwd"] == str(pmdaemon.work)
    assert environment["COLOUR"] == environment["env"]["COLOUR"] == "blue"
    assert environment["max_memory_restart"] == 1024**3
    assert environment["pm_out_log_path"].endswith("app-0.out")
    assert app["monit"]["memory"] > 0
    assert (down["pid"], down["pm2_env"]["status"], down["monit"]["memory"]) == (0, "stopped", 0)


def test_an_empty_list_is_empty_json(pmdaemon):
    assert pmdaemon.run("jlist").out == "[]\n"

"""`pid`: for scripts that signal programs themselves."""

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.running import command_line
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home


def test_pids_are_printed_one_a_line(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2")
    pmdaemon.run("start", FOREVER, "--name", "down")
    pmdaemon.run("stop", "down")

    pids = pmdaemon.run("pid", "app").lines

    # What is just being executed has no words yet.
    words = [eventually_sync(lambda pid=int(pid): command_line(pid)) for pid in pids]
    assert [word for _, word in words] == ["1000", "1000"]
    assert pmdaemon.run("pid").lines == [*pids, "0"]
    assert pmdaemon.run("pid", "app:1", "down", "--json").json == [int(pids[1]), 0]


def test_nothing_runs_under_a_name_that_is_not_there(pmdaemon):
    assert pmdaemon.run("pid").out == ""
    assert pmdaemon.refused("pid", "app", status=3).endswith("is called app")

"""`reset`: counters at zero."""

import os
import signal

import pytest

from tests.acceptance.conftest import FOREVER

pytestmark = pytest.mark.shared_home


def test_the_counter_begins_anew_and_the_program_goes_on(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    os.kill(pmdaemon.pid("app"), signal.SIGKILL)
    before = pmdaemon.when("app", lambda one: one["restarts"] == 1 and one["state"] == "online")

    reset = pmdaemon.run("reset", "app")

    after = pmdaemon.process("app")
    assert "reset app (id 0)\n" in reset.out
    assert (after["restarts"], after["pid"]) == (0, before["pid"])
    pmdaemon.kill_daemon()
    assert pmdaemon.process("app")["restarts"] == 0


def test_what_is_not_there_cannot_be_reset(pmdaemon):
    assert pmdaemon.refused("reset", "app", status=3).endswith("is called app")

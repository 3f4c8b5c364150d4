"""`signal`: to the first process of a program."""

import pytest

from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

TRAPS = "trap 'echo got it' USR2; echo up; while :; do sleep 0.1; done"


def test_a_program_gets_a_signal_and_goes_on(pmdaemon):
    pmdaemon.run("start", f'sh -c "{TRAPS}"', "--name", "app")
    eventually_sync(lambda: "up" in pmdaemon.run("logs", "app", "--nostream").out)
    pid = pmdaemon.pid("app")

    pmdaemon.run("sendSignal", "usr2", "app")

    eventually_sync(lambda: "got it" in pmdaemon.run("logs", "app", "--nostream").out)
    assert pmdaemon.pid("app") == pid


def test_a_signal_that_does_not_exist_is_refused(pmdaemon):
    refusal = pmdaemon.refused("signal", "SIGNONSENSE", "app", status=2)

    assert refusal == "not a signal such as SIGINT or SIGTERM: SIGNONSENSE"

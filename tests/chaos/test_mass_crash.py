import os
import random
import signal
import time
from statistics import median

import pytest

from tests.chaos.seeds import a_seed, pass_a_while
from tests.support.daemon import a_daemon, until
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow]

MANY = 500

RESPONSIVE = 1.0
"""Seconds in which an answer is there, more often than not; a busy machine may hold one up."""


def a_crash_loop(**more):
    return {"name": "loop", "script": "/bin/false", "instances": MANY, **more}


def restarts(daemon):
    return sum(one["restarts"] for one in daemon.request("list")["processes"])


def states(daemon):
    return {one["state"] for one in daemon.request("list")["processes"]}


def time_to_answer(daemon):
    began = time.monotonic()
    daemon.request("ping")
    return time.monotonic() - began


def test_five_hundred_crash_loops_leave_the_daemon_responsive_and_can_be_stopped(tmp_path):
    rng = random.Random(a_seed())
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(a_crash_loop(restart_delay="1s", max_restarts=1_000_000))
        before = restarts(daemon)

        times = []
        for _ in range(20):
            pass_a_while(rng, 0.4)
            times.append(time_to_answer(daemon))

        assert median(times) < RESPONSIVE
        until(lambda: restarts(daemon) > before + MANY)
        daemon.request("stop", {"selectors": ["loop"]})
        assert states(daemon) == {"stopped"}
        eventually_sync(lambda: not daemon.programs())


def test_five_hundred_crash_loops_settle_when_their_restarts_are_used_up(tmp_path):
    with a_daemon(tmp_path / "home") as daemon:
        # It is counted over four times that long, in which all of them have ended so often.
        used_up = {"max_restarts": 4, "min_uptime": "60s"}
        daemon.start_apps(a_crash_loop(restart_delay="200ms", **used_up))

        until(lambda: states(daemon) == {"errored"}, within=150.0)

        daemon.request("ping")
        assert {one["restarts"] for one in daemon.request("list")["processes"]} == {3}
        eventually_sync(lambda: not daemon.programs())


def test_five_hundred_programs_that_are_killed_at_once_are_all_started_again(tmp_path):
    with a_daemon(tmp_path / "home") as daemon:
        sleeper = {"name": "sleeper", "script": "sleep", "args": ["100000"], "instances": MANY}
        daemon.start_apps({**sleeper, "stop_signal": "SIGTERM"})

        for pid in daemon.programs():
            os.kill(pid, signal.SIGKILL)
        daemon.request("ping")

        until(lambda: {one["restarts"] for one in daemon.request("list")["processes"]} == {1})
        until(lambda: states(daemon) == {"online"})
        assert len(daemon.programs()) == MANY
        # And all of it is taken over.
        daemon.kill()
        until(lambda: states(daemon) == {"online"})
        assert {one["restarts"] for one in daemon.request("list")["processes"]} == {1}

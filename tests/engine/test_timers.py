import asyncio

import pytest

from pmdaemon.engine.timers import Timers, pause
from tests.fakes.clock import FakeClock
from tests.support.engine import settle


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def timers(clock):
    return Timers(clock)


def test_a_timer_fires_once_and_not_before_its_time(clock, timers):
    fired = []
    timers.set(1, 5.0, lambda: fired.append(clock.now().monotonic))

    clock.advance(4.9)
    assert fired == []

    clock.advance(100)
    assert fired == [1005.0]


def test_a_new_timer_of_a_process_takes_the_place_of_the_old(clock, timers):
    fired = []
    timers.set(1, 5.0, lambda: fired.append("old"))

    timers.set(1, 6.0, lambda: fired.append("new"))
    clock.advance(10)

    assert fired == ["new"]


def test_timers_of_different_processes_do_not_meet(clock, timers):
    fired = []
    timers.set(1, 5.0, lambda: fired.append(1))
    timers.set(2, 5.0, lambda: fired.append(2))

    timers.cancel(1)
    clock.advance(10)

    assert fired == [2]


def test_a_cancelled_timer_is_kept_nowhere(clock, timers):
    timers.set(1, 5.0, lambda: None)

    timers.cancel(1)
    timers.cancel(1)

    assert clock.pending == 0


def test_a_timer_may_set_the_next_one(clock, timers):
    fired = []
    timers.set(1, 1.0, lambda: timers.set(1, 1.0, lambda: fired.append(clock.now().monotonic)))

    clock.advance(3)

    assert fired == [1002.0]


async def test_a_pause_is_over_when_its_time_is(clock):
    pausing = asyncio.get_running_loop().create_task(pause(clock, 5.0))
    await settle()

    clock.advance(4.9)
    await settle()
    assert not pausing.done()

    clock.advance(0.1)
    await pausing


async def test_a_pause_that_is_given_up_leaves_no_timer(clock):
    pausing = asyncio.get_running_loop().create_task(pause(clock, 5.0))
    await settle()

    pausing.cancel()
    await settle()

    assert clock.pending == 0

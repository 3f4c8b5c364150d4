"""What every clock does."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.engine.interfaces import Clock
from tests.fakes.clock import FakeClock
from tests.support.waiting import eventually

Settle = Callable[[Callable[[], object]], Awaitable[object]]


@pytest.fixture(params=["fake", "system"])
def clock_and_settle(request) -> tuple[Clock, Settle]:
    """Give a clock, and a way to wait for a condition that comes true with time."""
    if request.param == "system":
        return SystemClock(), eventually
    clock = FakeClock()

    async def move(condition: Callable[[], object]) -> object:
        clock.advance(60)
        return condition()

    return clock, move


async def test_neither_clock_goes_backwards(clock_and_settle):
    clock, settle = clock_and_settle
    before = clock.now()

    await settle(lambda: clock.now().monotonic > before.monotonic)

    assert clock.now().monotonic > before.monotonic
    assert clock.now().wall > before.wall


async def test_timers_run_once_and_in_the_order_they_are_due(clock_and_settle, monkeypatch):
    clock, settle = clock_and_settle
    ran: list[str] = []
    loop = asyncio.get_running_loop()
    now = loop.time()
    with monkeypatch.context() as meanwhile:
        # Both are set at one moment, however long this takes.
        meanwhile.setattr(loop, "time", lambda: now)
        clock.call_later(0.02, lambda: ran.append("second"))
        clock.call_later(0.01, lambda: ran.append("first"))

    await settle(lambda: len(ran) == 2)

    assert ran == ["first", "second"]


async def test_a_timer_does_not_run_inside_the_call_that_sets_it(clock_and_settle):
    clock, settle = clock_and_settle
    ran: list[str] = []

    clock.call_later(0, lambda: ran.append("ran"))

    assert ran == []
    await settle(lambda: ran)
    assert ran == ["ran"]


async def test_a_cancelled_timer_does_nothing(clock_and_settle):
    clock, settle = clock_and_settle
    ran: list[str] = []
    timer = clock.call_later(0.01, lambda: ran.append("cancelled"))
    clock.call_later(0.02, lambda: ran.append("kept"))

    timer.cancel()

    await settle(lambda: ran)
    assert ran == ["kept"]

import pytest

from pmdaemon.core.platform_errors import TooManyAttempts
from pmdaemon.engine.sign_in_throttle import FREE_TRIES, MOST_REMEMBERED, SignInThrottle
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def throttle(clock):
    return SignInThrottle(clock)


def wait_of(throttle, origin="192.0.2.7", account="jane"):
    try:
        throttle.check(origin, account)
    except TooManyAttempts as refused:
        return refused.wait
    return 0


def fail(throttle, times, origin="192.0.2.7", account="jane"):
    for _ in range(times):
        throttle.wrong(origin, account)


def test_a_few_wrong_tries_cost_nothing(throttle):
    fail(throttle, FREE_TRIES - 1)

    assert wait_of(throttle) == 0


def test_further_ones_cost_ever_more_time(throttle, clock):
    waits = []
    for _ in range(8):
        fail(throttle, 5 if not waits else 1)
        waits.append(wait_of(throttle))
        clock.advance(waits[-1])
        assert wait_of(throttle) == 0

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_whoever_guesses_locks_nobody_else_out(throttle):
    fail(throttle, 100)

    assert wait_of(throttle, origin="198.51.100.1") == 0
    assert wait_of(throttle, account="joe") == 0


def test_a_right_try_makes_up_for_the_wrong_ones(throttle):
    fail(throttle, FREE_TRIES)

    throttle.right("192.0.2.7", "jane")

    assert wait_of(throttle) == 0


def test_wrong_tries_are_forgotten_in_time(throttle, clock):
    fail(throttle, FREE_TRIES - 1)
    clock.advance(3601)
    fail(throttle, 1)

    assert wait_of(throttle) == 0


def test_memory_is_bounded(throttle):
    fail(throttle, FREE_TRIES, account="first")
    for number in range(MOST_REMEMBERED):
        fail(throttle, 1, account=f"account-{number}")

    assert len(throttle._wrong) == MOST_REMEMBERED
    assert wait_of(throttle, account="first") == 0

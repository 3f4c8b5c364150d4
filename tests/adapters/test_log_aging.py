from math import inf

import pytest

from pmdaemon.adapters.log_aging import LONGEST_WAIT, SHORTEST_WAIT, Aging
from pmdaemon.adapters.log_writer import LogWriter
from pmdaemon.core.spec import LogPolicy
from tests.fakes.clock import FakeClock

HOUR = 3600.0


class AgingWriter(LogWriter):
    """Remembers when it was looked at, and is due again after `period`."""

    def __init__(self, clock: FakeClock, period: float, max_age: float = 10 * HOUR) -> None:
        super().__init__("/nowhere", LogPolicy(max_age=max_age), clock)
        self.period = period
        self.begun = clock.now().wall
        self.looks: list[float] = []

    def age(self, now: float) -> float:
        self.looks.append(now - self.begun)
        return now + self.period


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def aging(clock: FakeClock) -> Aging:
    return Aging(clock)


def test_each_file_is_looked_at_when_it_is_due_and_not_before(clock: FakeClock, aging: Aging):
    often, seldom = AgingWriter(clock, HOUR), AgingWriter(clock, 3 * HOUR)

    aging.add(often)
    aging.add(seldom)
    clock.advance(SHORTEST_WAIT + 3.5 * HOUR)

    assert often.looks == [SHORTEST_WAIT + hours * HOUR for hours in range(4)]
    assert seldom.looks == [SHORTEST_WAIT, SHORTEST_WAIT + 3 * HOUR]
    assert clock.pending == 1


def test_a_file_that_is_never_due_needs_no_timer(clock: FakeClock, aging: Aging):
    aging.add(AgingWriter(clock, inf))
    aging.add(LogWriter("/nowhere", LogPolicy(max_age=0.0), clock))
    clock.advance(SHORTEST_WAIT)

    assert clock.pending == 0


def test_a_file_that_is_added_later_is_looked_at_soon_all_the_same(clock: FakeClock, aging: Aging):
    aging.add(AgingWriter(clock, 9 * HOUR))
    clock.advance(HOUR)
    late = AgingWriter(clock, HOUR)

    aging.add(late)
    clock.advance(SHORTEST_WAIT)

    assert late.looks == [SHORTEST_WAIT]


def test_a_file_that_is_always_due_is_looked_at_now_and_then(clock: FakeClock, aging: Aging):
    writer = AgingWriter(clock, 0.0)

    aging.add(writer)
    clock.advance(3 * SHORTEST_WAIT)

    assert len(writer.looks) == 3


def test_a_file_that_is_let_go_is_not_looked_at_any_more(clock: FakeClock, aging: Aging):
    writer = AgingWriter(clock, HOUR)
    aging.add(writer)
    clock.advance(SHORTEST_WAIT)

    aging.remove(writer)
    clock.advance(5 * HOUR)

    assert writer.looks == [SHORTEST_WAIT]
    assert clock.pending == 0


def test_a_clock_that_was_set_back_does_not_keep_files_for_longer(clock: FakeClock, aging: Aging):
    writer = AgingWriter(clock, 8 * HOUR)
    aging.add(writer)
    clock.advance(SHORTEST_WAIT)

    clock.jump_wall(-1000 * HOUR)
    clock.advance(8 * HOUR)

    assert len(writer.looks) == 2


def test_a_clock_that_was_set_forward_is_noticed_within_a_day(clock: FakeClock, aging: Aging):
    writer = AgingWriter(clock, 50 * LONGEST_WAIT)
    aging.add(writer)
    clock.advance(SHORTEST_WAIT)

    clock.jump_wall(49 * LONGEST_WAIT)
    clock.advance(LONGEST_WAIT)

    assert len(writer.looks) == 2

import pytest

from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.server.http.rates import Rates, Standing
from tests.fakes.clock import FakeClock

LIMITS = (RateLimit(10, 60.0), RateLimit(3, 10.0))


class Scene:
    def __init__(self, **options):
        self.clock = FakeClock()
        self.rates = Rates(self.clock, **options)

    def charge(self, times=1, address="a", limits=LIMITS):
        """Make requests; list how many of them were let in."""
        standings = [self.rates.charge(address, limits) for _ in range(times)]
        return [one.wait is None for one in standings].count(True)

    @property
    def wall(self):
        return self.clock.now().wall


@pytest.fixture
def scene():
    return Scene()


def test_the_limit_that_is_nearest_to_being_spent_is_told(scene):
    first = scene.rates.charge("a", LIMITS)

    assert (first.limit, first.remaining, first.wait) == (3, 2, None)
    assert first.reset >= scene.wall + 10


def test_no_limits_are_none(scene):
    assert scene.rates.charge("a", ()) is None
    assert scene.rates.look("a", ()) is None


def test_a_burst_is_let_in_up_to_its_limit(scene):
    assert scene.charge(5) == 3


def test_a_refused_request_is_told_how_long_to_wait(scene):
    scene.charge(2)
    scene.clock.advance(4)
    scene.charge(1)

    refused = scene.rates.charge("a", LIMITS)

    assert (refused.limit, refused.remaining, refused.wait) == (3, 0, 6)
    scene.clock.advance(6)
    assert scene.charge(3) == 2


def test_a_refused_request_is_charged_to_no_limit(scene):
    for _ in range(20):
        scene.charge(50)
        scene.clock.advance(0.4)
    scene.clock.advance(10)

    assert scene.charge(3) == 3


def test_the_longer_limit_holds_whatever_the_bursts(scene):
    let_in = 0
    for _ in range(5):
        let_in += scene.charge(3)
        scene.clock.advance(10)

    assert let_in == 10
    refused = scene.rates.charge("a", LIMITS)
    assert (refused.limit, refused.wait) == (10, 10)


def test_there_is_no_edge_at_which_twice_as_much_passes(scene):
    scene.clock.advance(9.9)
    let_in = scene.charge(3)
    scene.clock.advance(0.2)

    assert let_in + scene.charge(3) == 3


def test_addresses_are_counted_apart(scene):
    scene.charge(3, "a")

    assert scene.charge(3, "b") == 3


def test_limits_are_counted_apart(scene):
    scene.charge(3)

    assert scene.charge(1, limits=(RateLimit(1, 60.0),)) == 1
    assert scene.charge(1) == 0


def test_looking_counts_nothing(scene):
    assert scene.rates.look("a", LIMITS).remaining == 3
    scene.charge(1)

    assert {scene.rates.look("a", LIMITS).remaining for _ in range(9)} == {2}


def test_what_is_kept_in_mind_is_bounded():
    scene = Scene(most_addresses=10)
    for number in range(100):
        scene.charge(50, f"192.0.2.{number}")

    assert len(scene.rates._made) == 10
    assert max(map(len, scene.rates._made.values())) <= 10


def test_those_that_were_silent_longest_are_forgotten_first():
    scene = Scene(most_addresses=2)
    scene.charge(3, "noisy")
    for number in range(10):
        scene.charge(1, f"{number}")
        scene.charge(1, "noisy")

    assert scene.charge(1, "noisy") == 0


def test_a_standing_says_what_headers_need():
    assert Standing(20, 3, 1000).wait is None

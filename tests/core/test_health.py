import pytest
from msgspec.structs import replace

from pmdaemon.core.health import EAGER_INTERVAL, Health, HealthStatus, ProbeResult, observed, wait
from pmdaemon.core.spec import HealthCheck
from tests.support.builders import NOW, later

CHECK = HealthCheck(kind="tcp", target="3000", interval=30.0, retries=3)
GOOD, BAD = ProbeResult(True, "connected", 0.01), ProbeResult(False, "connection refused", 0.01)
S = HealthStatus


def course(*results, check=CHECK, health=Health(), every=30.0):  # noqa: B008 - it is frozen
    for number, result in enumerate(results, start=1):
        health = observed(check, health, result, since=NOW, at=later(number * every))
    return health


def test_a_program_is_starting_until_a_probe_succeeds():
    assert Health().status is S.STARTING
    assert course(BAD).status is S.STARTING
    assert course(BAD, GOOD).status is S.HEALTHY


@pytest.mark.parametrize("before", [(), (GOOD,), (GOOD, BAD, BAD, GOOD)])
def test_so_many_failures_in_a_row_make_it_unhealthy(before):
    assert course(*before, BAD, BAD).status is not S.UNHEALTHY
    assert course(*before, BAD, BAD, BAD).status is S.UNHEALTHY
    assert course(*before, BAD, BAD, BAD).failures == 3


def test_a_success_makes_it_healthy_again():
    health = course(BAD, BAD, BAD, GOOD)

    assert (health.status, health.failures) == (S.HEALTHY, 0)


def test_failures_in_the_start_period_do_not_count():
    slow = replace(CHECK, start_period=100.0)

    assert course(BAD, BAD, BAD, check=slow) == Health(S.STARTING, 0, BAD, later(90))
    assert course(BAD, BAD, BAD, BAD, BAD, BAD, check=slow).status is S.UNHEALTHY


def test_who_was_healthy_once_has_no_start_period_any_more():
    slow = replace(CHECK, start_period=1000.0)

    assert course(GOOD, BAD, BAD, BAD, check=slow).status is S.UNHEALTHY


def test_what_a_probe_found_is_kept():
    health = course(GOOD, BAD)

    assert (health.last, health.at) == (BAD, later(60))


def test_probes_are_eager_at_first_and_within_the_start_period():
    slow = replace(CHECK, start_period=100.0)
    tried = Health(S.STARTING, 0, BAD, NOW)

    assert wait(CHECK, Health(), since=NOW, at=NOW) == EAGER_INTERVAL
    assert wait(CHECK, tried, since=NOW, at=later(1)) == 30.0
    assert wait(slow, tried, since=NOW, at=later(1)) == EAGER_INTERVAL
    assert wait(slow, tried, since=NOW, at=later(101)) == 30.0
    assert wait(slow, course(GOOD), since=NOW, at=later(1)) == 30.0
    assert wait(replace(CHECK, interval=0.2), Health(), since=NOW, at=NOW) == 0.2


def test_a_success_is_kept_with_its_time():
    assert course(GOOD) == Health(S.HEALTHY, 0, GOOD, later(30))


def test_the_start_period_ends_when_it_is_over():
    slow = replace(CHECK, start_period=30.0)

    assert course(BAD, check=slow).failures == 1
    tried = Health(S.STARTING, 0, BAD, NOW)
    assert wait(slow, tried, since=NOW, at=later(29.9)) == EAGER_INTERVAL
    assert wait(slow, tried, since=NOW, at=later(30.0)) == slow.interval

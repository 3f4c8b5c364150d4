import pytest

from pmdaemon.core.dependencies import Standing, standing, why_not
from pmdaemon.core.health import Health, HealthStatus
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exited,
    Online,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import Dependency, HealthCheck
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run, an_app

S = Standing
UP = Online(a_run())

# What each state means for: started, ready, completed.
TABLE = [
    (a_process(state=UP), (S.MET, S.MET, S.PENDING)),
    (a_process(state=Starting()), (S.PENDING, S.PENDING, S.PENDING)),
    (a_process(state=Backoff(NOW, 1.0)), (S.PENDING, S.PENDING, S.PENDING)),
    (a_process(state=Stopping(a_run(), Cause.ENDED_BY_ITSELF)), (S.PENDING,) * 3),
    (a_process(state=Stopped(), wish=Wish.UP), (S.PENDING, S.PENDING, S.PENDING)),
    (a_process(state=Stopped(), wish=Wish.DOWN), (S.FAILED, S.FAILED, S.FAILED)),
    (a_process(state=Exited(), last_exit=CLEAN), (S.FAILED, S.FAILED, S.MET)),
    (a_process(state=Exited(), last_exit=FAILED), (S.FAILED, S.FAILED, S.FAILED)),
    (a_process(state=Errored("why")), (S.FAILED, S.FAILED, S.FAILED)),
]


@pytest.mark.parametrize(("process", "expected"), TABLE)
def test_how_a_dependency_stands_in_each_state(process, expected):
    found = tuple(
        standing(Dependency("db", condition), [process], {})
        for condition in ("started", "ready", "completed")
    )

    assert found == expected


def test_an_app_is_there_when_all_of_its_instances_are():
    up, starting, errored = (a_process(state=one) for one in (UP, Starting(), Errored("why")))

    assert standing(Dependency("db"), [up, up], {}) is S.MET
    assert standing(Dependency("db"), [up, starting], {}) is S.PENDING
    assert standing(Dependency("db"), [up, starting, errored], {}) is S.FAILED
    assert standing(Dependency("db"), [], {}) is S.FAILED


def test_one_that_is_checked_is_ready_when_it_is_healthy():
    checked = a_process(state=UP, spec=an_app(health=HealthCheck("tcp", "5432")), pm_id=4)

    assert standing(Dependency("db"), [checked], {}) is S.PENDING
    assert standing(Dependency("db"), [checked], {4: Health()}) is S.PENDING
    assert standing(Dependency("db"), [checked], {4: Health(HealthStatus.HEALTHY)}) is S.MET
    assert standing(Dependency("db"), [checked], {4: Health(HealthStatus.UNHEALTHY)}) is S.FAILED
    assert standing(Dependency("db", "started"), [checked], {}) is S.MET
    assert why_not(Dependency("db"), [checked]) == "db to be ready, which is not healthy"


@pytest.mark.parametrize(
    ("process", "condition", "words"),
    [
        (
            a_process(state=Errored("no such file")),
            "ready",
            "which has failed for good: no such file",
        ),
        (a_process(state=Exited(), last_exit=FAILED), "completed", "which ended with exit code 1"),
        (a_process(state=Exited(), last_exit=CLEAN), "ready", "which ended with exit code 0"),
        (a_process(state=Stopped(), wish=Wish.DOWN), "ready", "which is stopped"),
        (a_process(state=Stopped(), wish=Wish.BLOCKED), "ready", "which is blocked"),
        (a_process(state=Starting()), "ready", "which is starting"),
    ],
)
def test_what_is_so_instead_is_said(process, condition, words):
    assert why_not(Dependency("db", condition), [process]) == f"db to be {condition}, {words}"


def test_one_that_does_not_exist_is_said_to_be_so():
    assert why_not(Dependency("db"), []) == "db, which does not exist"


@pytest.mark.parametrize(
    ("state", "so"),
    [
        ({"state": Stopped(), "wish": Wish.DOWN}, "is stopped"),
        ({"state": Stopped(), "wish": Wish.UP}, "is stopped"),
        ({"state": Stopped(), "wish": Wish.BLOCKED}, "is blocked"),
        ({"state": Exited(), "last_exit": FAILED}, "ended with exit code 1"),
        ({"state": Errored("it fails")}, "has failed for good: it fails"),
        ({"state": Starting()}, "is starting"),
    ],
)
def test_of_several_instances_the_one_in_the_way_is_told(state, so):
    fine = a_process(state=Exited(), last_exit=CLEAN, pm_id=1)
    up = a_process(state=UP, pm_id=2)

    wanted = why_not(Dependency("db", "completed"), [a_process(**state), fine, up])

    assert wanted == f"db to be completed, which {so}"
    if so != "is starting" and state.get("wish") is not Wish.UP:
        assert why_not(Dependency("db", "completed"), [up, fine, a_process(**state)]) == wanted

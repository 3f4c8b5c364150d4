import pytest

from pmdaemon.core.deploy_limits import GIB, DeployLimits, limits_of
from tests.support.deploying import a_project

LIMITS = DeployLimits()

LOWER = {"build_timeout": 60.0, "start_timeout": 5.0, "build_memory": GIB}
HIGHER = {"build_timeout": 9999.0, "start_timeout": 999.0, "build_memory": 64 * GIB}


def taken(project, *, trusted):
    found = limits_of(a_project(**project), LIMITS, trusted=trusted)
    return found.install, found.build, found.start, found.memory


def test_what_a_project_does_not_say_is_as_usual():
    assert limits_of(a_project(), LIMITS, trusted=False) == LIMITS


@pytest.mark.parametrize("trusted", [False, True])
def test_everybody_may_ask_for_less(trusted):
    assert taken(LOWER, trusted=trusted) == (60.0, 60.0, 5.0, GIB)


def test_only_who_is_trusted_gets_more():
    assert taken(HIGHER, trusted=True) == (9999.0, 9999.0, 999.0, 64 * GIB)
    assert taken(HIGHER, trusted=False) == taken({}, trusted=False)

import pytest

from pmdaemon.config.deploy_settings import DeploySettings, read_deploy_settings
from pmdaemon.core.deploy_limits import GIB, MIB, DeployLimits
from pmdaemon.core.errors import InvalidConfiguration
from pmdaemon.core.rate_limits import RATES, RateKind, RateLimit


def read(table):
    return read_deploy_settings("settings.toml", table)


def test_what_is_not_said_is_as_usual():
    assert read({}) == DeploySettings(DeployLimits(), RATES, ())


def test_each_limit_can_be_said():
    table = {
        "fetch_timeout": "20m",
        "install_timeout": 60,
        "build_timeout": "1h",
        "release_timeout": "10m",
        "start_timeout": "2m",
        "build_memory": "8G",
        "build_processes": 64,
        "log_size": "1M",
        "repository_size": "5G",
        "files_size": 3 * GIB,
        "free_disk": "1G",
        "concurrent_builds": 4,
        "keep_releases": 9,
    }

    assert read(table).limits == DeployLimits(
        fetch=1200.0,
        install=60.0,
        build=3600.0,
        release=600.0,
        start=120.0,
        memory=8 * GIB,
        processes=64,
        log=MIB,
        repository=5 * GIB,
        files=3 * GIB,
        free=GIB,
        builds=4,
        keep=9,
    )


def test_how_often_one_may_ask_can_be_said():
    rates = read({"rate_limit": ["600/60s", "50/1s"], "sign_in_rate_limit": "off"}).rates

    assert rates[RateKind.DEPLOY] == (RateLimit(600, 60.0), RateLimit(50, 1.0))
    assert rates[RateKind.SIGN_IN] == ()


def test_what_nobody_knows_is_remarked():
    assert read({"bild_timeout": "1h"}).remarks == ("deploy.bild_timeout: unknown setting",)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (3, "deploy: it must be a table"),
        ({"build_timeout": "soon"}, "deploy.build_timeout: not a duration: soon"),
        ({"build_timeout": 0}, "deploy.build_timeout: it must be between a second and a day"),
        ({"start_timeout": "2d"}, "deploy.start_timeout: it must be between a second and a day"),
        ({"build_memory": "much"}, "deploy.build_memory: not a size: much"),
        ({"build_memory": 10}, "deploy.build_memory: it must be at least 1.0 MB"),
        ({"concurrent_builds": 0}, "deploy.concurrent_builds: it must be from 1 to 64"),
        ({"concurrent_builds": True}, "deploy.concurrent_builds: it must be from 1 to 64"),
        ({"keep_releases": "5"}, "deploy.keep_releases: it must be from 1 to 50"),
        ({"rate_limit": "often"}, "deploy.rate_limit: not a limit: often"),
        ({"rate_limit": [3]}, "deploy.rate_limit: not a limit: 3"),
        ({"build_timeout": []}, "deploy.build_timeout: not a duration"),
    ],
)
def test_a_slip_is_refused_with_its_place(table, problem):
    with pytest.raises(InvalidConfiguration) as refusal:
        read(table)

    assert refusal.value.problems[0].startswith(problem)


def test_all_slips_are_told_at_once():
    with pytest.raises(InvalidConfiguration) as refusal:
        read({"build_timeout": 0, "keep_releases": 0})

    assert len(refusal.value.problems) == 2

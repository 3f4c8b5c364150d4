import os
import resource

import pytest

from pmdaemon.adapters import privileges
from pmdaemon.adapters.privileges import RESOURCES, objection, preparation
from pmdaemon.core.spec import Limits, RunAs

OURS = RunAs()
SOMEBODY = RunAs(uid=65534, gid=65534, user="nobody")


@pytest.fixture
def ordinary(monkeypatch):
    """Be an ordinary user, as far as this module can see."""
    monkeypatch.setattr(privileges.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(privileges.os, "getegid", lambda: 1000)


def test_limits_are_known_by_their_names_in_lower_case():
    assert RESOURCES["nofile"] == resource.RLIMIT_NOFILE
    assert RESOURCES["core"] == resource.RLIMIT_CORE


def test_an_unknown_limit_is_refused_to_everybody():
    assert objection(OURS, Limits(resources={"nofiles": 1})) == (
        "this system has no limit called nofiles"
    )


def test_nothing_special_is_refused_to_nobody(ordinary):
    assert objection(OURS, Limits()) is None
    assert objection(RunAs(uid=1000, gid=1000), Limits(nice=19, resources={"core": 0})) is None


@pytest.mark.parametrize(
    ("run_as", "limits", "words"),
    [
        (SOMEBODY, Limits(), "can run it as nobody"),
        (RunAs(uid=5), Limits(), "can run it as uid 5"),
        (RunAs(gid=5), Limits(), "can run it as another group"),
        (OURS, Limits(nice=-5), "can give it the niceness -5"),
    ],
)
def test_what_only_root_may_is_refused_to_others(ordinary, run_as, limits, words):
    assert objection(run_as, limits) == f"only a daemon that runs as root {words}"


def test_a_limit_above_ours_is_refused_to_others(ordinary, monkeypatch):
    monkeypatch.setattr(privileges.resource, "getrlimit", lambda _: (10, 100))

    assert objection(OURS, Limits(resources={"nofile": 100})) is None
    assert "raise its limit nofile above 100" in objection(OURS, Limits(resources={"nofile": 101}))
    assert "raise its limit nofile" in objection(OURS, Limits(resources={"nofile": -1}))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may do all of it")
def test_root_may_do_all_of_it():
    assert objection(SOMEBODY, Limits(nice=-20, resources={"nofile": 2**20})) is None


def test_nothing_is_prepared_for_those_who_ask_for_nothing():
    assert preparation(OURS, Limits()) is None
    assert preparation(OURS, Limits(umask=0o22)) is None
    assert preparation(OURS, Limits(nice=1)) is not None

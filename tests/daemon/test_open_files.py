import resource

import pytest

from pmdaemon.daemon.open_files import OPEN_FILES, raise_limit

UNBOUNDED = resource.RLIM_INFINITY


@pytest.fixture
def limits(monkeypatch):
    """The limits of a process that is not this one."""
    kept = {}
    monkeypatch.setattr(resource, "getrlimit", kept.get)
    monkeypatch.setattr(resource, "setrlimit", kept.__setitem__)
    return kept


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1024, 524288), (OPEN_FILES, 524288)),
        ((1024, UNBOUNDED), (OPEN_FILES, UNBOUNDED)),
        ((1024, 4096), (4096, 4096)),
        ((100_000, 524288), (100_000, 524288)),
        ((UNBOUNDED, UNBOUNDED), (UNBOUNDED, UNBOUNDED)),
    ],
)
def test_as_many_are_allowed_as_may_be_and_those_of_before_are_told(limits, before, after):
    limits[resource.RLIMIT_NOFILE] = before

    assert raise_limit() == before
    assert limits[resource.RLIMIT_NOFILE] == after


def test_a_system_that_refuses_leaves_them_as_they_are(limits, monkeypatch):
    def refuse(*_):
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    limits[resource.RLIMIT_NOFILE] = (1024, 4096)

    assert raise_limit() == (1024, 4096)

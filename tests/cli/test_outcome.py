import pytest

from pmdaemon.cli.outcome import outcome
from tests.support.views import a_view


def ended(state="exited", *, code=None, signal=None, **more):
    return a_view(state=state, last_exit={"code": code, "signal": signal}, **more)


@pytest.mark.parametrize("state", ["starting", "online", "stopping", "backoff"])
def test_as_long_as_one_runs_it_is_not_over(state):
    assert outcome([ended(code=1), a_view(state=state)]) is None


def test_one_that_is_stopped_and_wanted_up_is_about_to_run():
    assert outcome([ended("stopped", code=0, wish="up")]) is None


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (ended(code=0), 0),
        (ended(code=7), 7),
        (ended(signal=9), 137),
        (ended("errored", code=3), 3),
        (ended("errored", signal=11), 139),
        (ended("errored", code=0), 2),
        (ended(), 1),
        (a_view(state="errored", last_exit=None), 1),
        (ended("stopped", code=130, wish="down"), 0),
    ],
)
def test_a_single_program_has_its_own_status(view, status):
    assert outcome([view]) == status


def test_of_several_programs_all_have_to_end_well():
    well = ended(code=0)

    assert outcome([well, well]) == 0
    assert outcome([well, ended(code=9)]) == 2
    assert outcome([ended(code=9), ended(code=9)]) == 2


def test_where_nothing_is_left_all_is_well():
    assert outcome([]) == 0

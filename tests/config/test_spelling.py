import pytest

from pmdaemon.config.spelling import in_camel_case, spelled, unknown


@pytest.mark.parametrize(
    ("key", "name"),
    [("maxRestarts", "max_restarts"), ("max_restarts", "max_restarts"), ("ENV", "env")],
)
def test_a_name_may_be_written_in_two_ways(key, name):
    assert spelled(key) == name


def test_a_name_of_ours_may_be_written_as_in_javascript():
    assert in_camel_case("exp_backoff_restart_delay") == "expBackoffRestartDelay"
    assert spelled(in_camel_case("exp_backoff_restart_delay")) == "exp_backoff_restart_delay"


def test_a_slip_is_answered_with_a_guess():
    assert unknown("nme", ["name", "args"]) == "unknown field; did you mean name?"
    assert unknown("x" * 10_000, ["name"]) == "unknown field"

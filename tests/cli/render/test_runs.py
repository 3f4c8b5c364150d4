import pytest

from pmdaemon.cli.render.runs import runs_table
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.core.job_runs import Outcome
from tests.support.views import a_run

TERMINAL = Terminal(columns=200, colour=False, unicode=True, interactive=True)


def row(**changes):
    line = runs_table([a_run(**changes)], TERMINAL).splitlines()[3]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_a_run_is_one_line():
    job, began, *rest = row()

    assert (job, rest) == ("report", ["due", "4.2s", "succeeded", "0", "2.0 KB"])
    assert began.startswith("2023-11-1")


def test_one_that_was_asked_for_says_so():
    assert row(due=None)[2] == "asked"


@pytest.mark.parametrize(
    ("seconds", "took"), [(0.04, "0.0s"), (59.9, "59.9s"), (61.0, "1m 1s"), (7260.0, "2h 1m")]
)
def test_how_long_it_took_is_in_two_units_at_most(seconds, took):
    assert row(began=0.0, ended=seconds)[3] == took


def test_one_that_goes_on_has_no_end():
    going = {"ended": None, "outcome": "running", "exit": None}

    assert row(**going, out={"start": 0, "end": None})[3:6] == ["-", "running", "-"]


def test_one_that_was_skipped_took_nothing_and_wrote_nothing():
    assert row(outcome="skipped", exit=None)[3:] == ["-", "skipped", "-", "-"]


def test_a_signal_is_told_and_a_file_that_was_exchanged_has_no_size():
    exchanged = row(exit={"code": None, "signal": 9}, out={"start": 900, "end": 3})

    assert exchanged[5:] == ["signal 9", "-"]


@pytest.mark.parametrize("outcome", [*Outcome, "of a newer release"])
def test_every_outcome_can_be_drawn(outcome):
    colours = Terminal(columns=200, colour=True, unicode=True, interactive=True)

    assert str(outcome) in runs_table([a_run(outcome=str(outcome))], colours)

import pytest

from pmdaemon.cli.commands.dev import judge

UP = {"state": "online", "wish": "up"}
WELL = {"state": "exited", "wish": "up", "last_exit": {"code": 0, "signal": None}}
BADLY = {"state": "errored", "wish": "up", "last_exit": {"code": 3, "signal": None}}


@pytest.mark.parametrize("views", [[WELL], [BADLY], [WELL, BADLY]])
def test_when_all_are_down_it_is_over(views):
    assert judge(views) == 1


@pytest.mark.parametrize("views", [[], [UP], [BADLY, UP]])
def test_before_it_is_not(views):
    assert judge(views) is None

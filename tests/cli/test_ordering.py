import pytest

from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.ordering import FIELDS, in_order
from tests.support.views import a_view

VIEWS = [
    a_view("web", pm_id=0, cpu=5.0, memory=10, uptime=1.0, pid=30, restarts=2, namespace="b"),
    a_view("web", pm_id=2, instance=1, cpu=7.0, memory=10, uptime=3.0, pid=10, restarts=0),
    a_view("api", pm_id=1, cpu=6.0, memory=20, uptime=2.0, pid=None, state="stopped", restarts=1),
]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (None, [1, 0, 2]),
        ("name", [1, 0, 2]),
        ("id", [0, 1, 2]),
        ("ID:DESC", [2, 1, 0]),
        ("cpu", [0, 1, 2]),
        ("cpu:desc", [2, 1, 0]),
        ("memory:desc", [1, 0, 2]),
        ("memory:asc", [0, 2, 1]),
        ("uptime", [0, 1, 2]),
        ("pid", [1, 2, 0]),
        ("status:desc", [1, 0, 2]),
        ("namespace", [0, 1, 2]),
        ("restarts", [2, 1, 0]),
    ],
)
def test_a_list_is_sorted_and_equals_stand_by_their_names(wanted, ids):
    assert [view["pm_id"] for view in in_order(VIEWS, wanted)] == ids


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_can_be_sorted_by(field):
    assert len(in_order(VIEWS, field)) == 3


@pytest.mark.parametrize("wanted", ["", "size", ":desc", "cpu:up", "cpu:desc:desc"])
def test_an_order_that_is_none_is_refused(wanted):
    with pytest.raises(WrongUsage, match="cannot sort"):
        in_order([], wanted)

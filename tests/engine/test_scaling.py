import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.scaling import MOST_INSTANCES, missing, surplus, wanted_count
from tests.support.builders import a_process


def instances(*numbers):
    return [a_process(pm_id=index, instance=number) for index, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("text", "count"), [("4", 4), ("+2", 5), ("-1", 2), ("0", 0), ("-3", 0), (" 7 ", 7)]
)
def test_a_count_is_absolute_or_relative_to_what_is_up(text, count):
    assert wanted_count(text, now=3) == count


@pytest.mark.parametrize("text", ["", "two", "1.5", "--1", "+", "1e3", "-1x"])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(InvalidInput, match="not a number of instances"):
        wanted_count(text, now=3)


@pytest.mark.parametrize("text", ["-4", "10000", "+1000", "999999999"])
def test_fewer_than_none_and_far_too_many_are_refused(text):
    with pytest.raises(InvalidInput, match=f"0 to {MOST_INSTANCES} are possible"):
        wanted_count(text, now=3)


def test_the_highest_instances_go_first():
    gone = surplus(instances(2, 0, 3, 1), 2)

    assert [process.instance for process in gone] == [2, 3]


def test_the_lowest_free_numbers_come_first():
    assert missing(instances(0, 2), 5) == [1, 3, 4]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nothing_is_missing_where_there_are_enough(count):
    assert missing(instances(0, 1), count) == []

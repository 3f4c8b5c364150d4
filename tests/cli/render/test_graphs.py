import pytest

from pmdaemon.cli.render.graphs import graph


def test_the_newest_value_is_at_the_right():
    assert graph([0, 4, 8], columns=5, rows=1, least_top=8) == ["   ▄█"]


def test_only_the_latest_fit():
    assert graph([8, 8, 1, 2], columns=2, rows=1, least_top=8) == ["▁▂"]


def test_a_curve_may_be_several_rows_high():
    assert graph([4, 8, 12, 16], columns=4, rows=2, least_top=0) == ["  ▄█", "▄███"]


def test_the_largest_value_is_the_top_unless_it_is_next_to_nothing():
    assert graph([50, 100], columns=2, rows=1, least_top=10) == ["▄█"]
    assert graph([0.5, 1], columns=2, rows=1, least_top=10) == ["▁▁"]


def test_what_is_there_at_all_is_seen():
    assert graph([0, 0.001, 1000], columns=3, rows=1, least_top=1) == [" ▁█"]


def test_a_terminal_without_block_characters_has_others():
    assert graph([1, 4, 8], columns=3, rows=1, least_top=8, unicode=False) == [".=#"]


@pytest.mark.parametrize("columns", [0, -3])
def test_without_room_there_is_nothing(columns):
    assert graph([1, 2], columns=columns, rows=1, least_top=0) == [""]


def test_nothing_measured_is_empty():
    assert graph([], columns=3, rows=2, least_top=0) == ["   ", "   "]
    assert graph([0, 0], columns=3, rows=1, least_top=0) == ["   "]

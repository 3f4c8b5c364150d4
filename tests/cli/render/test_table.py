import pytest

from pmdaemon.cli.render.table import Column, draw
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import width


def a_terminal(columns=80, *, colour=False, unicode=True):
    return Terminal(columns=columns, colour=colour, unicode=unicode, interactive=True)


def columns(name="web"):
    return [
        Column("id", ["0", "12"], right=True),
        Column("name", [name, "x"], flexible=True),
        Column("status", ["online", "stopped"], rank=1),
        Column("port", ["3000", "-"], right=True, rank=2),
    ]


def test_a_table_is_drawn_with_lines():
    assert draw(columns(), a_terminal()) == (
        "┌────┬──────┬─────────┬──────┐\n"
        "│ id │ name │ status  │ port │\n"
        "├────┼──────┼─────────┼──────┤\n"
        "│  0 │ web  │ online  │ 3000 │\n"
        "│ 12 │ x    │ stopped │    - │\n"
        "└────┴──────┴─────────┴──────┘"
    )


def test_a_terminal_without_unicode_gets_plain_lines():
    drawn = draw(columns("x" * 100), a_terminal(40, unicode=False))

    assert drawn.isascii()
    assert "~ |" in drawn


def test_the_name_is_cut_as_far_as_it_can_be_read_before_columns_go():
    drawn = draw(columns("a-name-of-thirty-letters-exactly"), a_terminal(42))

    assert "port" in drawn
    assert "a-name-of-thirt… │" in drawn


def test_the_highest_rank_goes_first():
    drawn = draw(columns("a-name-of-thirty-letters-exactly"), a_terminal(36))

    assert "port" not in drawn
    assert "status" in drawn


def test_room_that_a_column_leaves_goes_to_the_name():
    drawn = draw(columns("a-name-of-thirty-letters-exactly"), a_terminal(39))

    assert "port" not in drawn
    assert width(drawn.splitlines()[0]) == 39


@pytest.mark.parametrize("room", range(20, 120))
def test_no_line_is_wider_than_the_terminal_and_all_are_even(room):
    drawn = draw(columns("日本語のアプリ🚀" * 5), a_terminal(room))

    assert {width(line) for line in drawn.splitlines()} == {width(drawn.splitlines()[0])}
    assert width(drawn.splitlines()[0]) <= room


def test_colours_do_not_disturb_the_widths():
    painted = Column("status", ["up", "down"], colours=["green", None])

    drawn = draw([Column("n", ["a", "b"], flexible=True), painted], a_terminal(colour=True))

    assert "│ \x1b[32mup    \x1b[0m │" in drawn
    assert "│ down   │" in drawn


def test_a_table_of_nothing_is_its_head():
    assert draw([Column("name", [], flexible=True)], a_terminal()).count("\n") == 3

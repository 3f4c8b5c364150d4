import pytest
from textual.app import App

from pmdaemon.cli.monit.processes import ProcessTable
from tests.support.views import a_view


class Alone(App):
    def compose(self):
        yield ProcessTable()

    @property
    def table(self):
        return self.query_one(ProcessTable)


def row(table, pm_id):
    return [cell.plain for cell in table.get_row(str(pm_id))]


@pytest.fixture
async def table():
    app = Alone()
    async with app.run_test(size=(80, 24)):
        yield app.table


async def test_a_row_has_what_people_look_for(table):
    table.show(
        [
            a_view("web", called="web:0", cpu=3.25),
            a_view("web", called="web:1", pm_id=1, instance=1, pid=None),
        ]
    )

    assert row(table, 0) == ["0", "web:0", "online", "3.2%", "45.2 MB", "0", "2m"]
    assert row(table, 1)[1:5] == ["web:1", "online", "-", "-"]


@pytest.mark.parametrize(("columns", "last"), [(64, "2m"), (60, "0"), (57, "0")])
async def test_no_column_is_cut_where_there_is_little_room(columns, last):
    app = Alone()
    async with app.run_test(size=(columns, 24)):
        app.table.show([a_view("web")])

        assert row(app.table, 0)[-1] == last
        assert app.table.virtual_size.width <= columns


async def test_figures_change_without_the_rows_being_built_anew(table):
    table.show([a_view("web")])
    table.move_cursor(row=0)

    table.show([a_view("web", cpu=99.0, restarts=3)])

    assert row(table, 0)[3] == "99.0%"
    assert table.chosen["restarts"] == 3


async def test_the_order_is_by_name_and_the_cursor_stays_with_its_process(table):
    table.show([a_view("m"), a_view("z", pm_id=1)])
    table.move_cursor(row=1)

    table.show([a_view("m"), a_view("z", pm_id=1), a_view("a", pm_id=2)])
    assert table.chosen["name"] == "z"
    table.show([a_view("m")])

    assert table.chosen["name"] == "m"


async def test_nothing_is_chosen_of_nothing(table):
    table.show([])
    assert table.chosen is None


async def test_a_name_cannot_move_the_cursor_nor_be_markup(table):
    table.show([a_view("a\x1b[2J[red]x")])

    assert row(table, 0)[1] == "a\\x1b[2J[red]x"


async def test_a_long_name_is_cut(table):
    table.show([a_view("n" * 100)])

    name = row(table, 0)[1]
    assert name.endswith("…")
    assert len(name) <= 24

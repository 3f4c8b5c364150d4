import pytest

from pmdaemon.cli.render.processes import STATUS_WORDS, by_name, process_table, status_word
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import width
from pmdaemon.core.process import ProcessState
from tests.support.views import a_view


def table(*views, columns=200, unicode=True):
    terminal = Terminal(columns=columns, colour=False, unicode=unicode, interactive=True)
    return process_table(by_name(views), terminal)


def test_every_state_has_a_word():
    assert STATUS_WORDS.keys() == {str(state) for state in ProcessState}


def test_a_state_of_a_newer_daemon_is_shown_as_it_is():
    assert status_word("paused") == "paused"


def test_the_list_shows_what_people_look_for():
    lines = table(a_view("web", tcp_port=3000)).splitlines()

    titles = ["id", "name", "namespace", "pid", "uptime", "↺", "status", "cpu", "mem", "port"]
    assert [cell.strip() for cell in lines[1].strip("│").split("│")] == titles
    values = ["0", "web", "default", "1234", "2m", "0", "online", "1.2%", "45.2 MB", "3000"]
    assert [cell.strip() for cell in lines[3].strip("│").split("│")] == values


def test_what_is_down_has_no_numbers_of_its_past():
    row = table(a_view(state="errored", pid=None, uptime=0.0)).splitlines()[3]

    values = ["0", "app", "default", "-", "-", "0", "errored", "-", "-"]
    assert row.replace("│", "").split() == values


def test_the_order_is_by_name_and_instance():
    views = [
        a_view("b", pm_id=0),
        a_view("a", pm_id=2, instance=1),
        a_view("a", pm_id=1, instance=0),
    ]

    ids = [line.split()[1] for line in table(*views).splitlines()[3:-1]]

    assert ids == ["1", "2", "0"]


def test_ports_have_a_column_when_there_are_any():
    assert "port" not in table(a_view())
    assert "port" in table(a_view(), a_view("b", tcp_port=1))


def test_a_name_cannot_move_the_cursor():
    assert "\x1b" not in table(a_view("a\x1b[2Jb"))


@pytest.mark.parametrize("columns", range(40, 201, 5))
def test_it_fits_from_40_to_200_columns(columns):
    long = a_view("x" * 128, tcp_port=65535, state="backoff", namespace="n" * 50, pm_id=1234)

    drawn = table(long, a_view("日本語🚀" * 10), columns=columns)

    assert max(map(width, drawn.splitlines())) <= columns


def test_a_terminal_without_unicode_gets_ascii():
    assert table(a_view("x" * 300), columns=60, unicode=False).isascii()

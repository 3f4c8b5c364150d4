import pytest

from tests.support.views import a_view


@pytest.fixture
def two(cli):
    views = [a_view("web", called="web:0"), a_view("web", called="web:1", pm_id=1, instance=1)]
    cli.lists(*views)
    cli.does("stop", *views)
    return views


def test_what_was_done_is_a_line_a_process_and_then_the_list(cli, two):
    assert cli("stop", "web", "/ap.*/", "7") == 0

    assert cli.daemon.asked("stop") == [{"selectors": ["web", "/ap.*/", "7"]}]
    assert cli.out.startswith("stopped web:0 (id 0)\nstopped web:1 (id 1)\n┌")


def test_as_json_there_is_nothing_but_the_processes(cli, two):
    assert cli("stop", "web", "--json") == 0

    assert cli.json == two
    assert cli.daemon.asked("list") == []


def test_nothing_to_do_is_said(cli):
    cli.does("stop")
    cli.lists()

    assert cli("stop", "all") == 0
    assert cli.out.startswith("there is no process\n")


def test_an_ecosystem_file_stands_for_the_apps_in_it(cli, two, folder):
    (folder / "eco.toml").write_text('[[apps]]\nname = "a"\nscript = "x"\n[[apps]]\nscript="b.js"')

    assert cli("stop", "eco.toml", "web") == 0

    assert cli.daemon.asked("stop") == [{"selectors": ["a", "b", "web"]}]


def test_a_name_with_a_dot_is_a_name(cli, two):
    assert cli("stop", "api.v2") == 0

    assert cli.daemon.asked("stop") == [{"selectors": ["api.v2"]}]


def test_a_name_cannot_move_the_cursor(cli):
    cli.does("stop", a_view("a\x1b[2Jb"))
    cli.lists()

    cli("stop", "all")

    assert "\x1b" not in cli.out

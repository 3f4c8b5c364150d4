import pytest

from tests.support.views import a_view


@pytest.mark.parametrize("word", ["startOrReload", "startOrGracefulReload"])
def test_the_apps_of_a_file_are_started_or_reloaded(cli, file, word):
    cli.does("start", a_view("web"))
    cli.lists(a_view("web"))

    assert cli(word, file) == 0
    [asked] = cli.daemon.asked("start")
    assert asked["existing"] == "reload"
    assert cli.out.startswith("web (id 0) is online\n")


def test_processes_as_json(cli, file):
    cli.does("start", a_view("web"))

    assert cli("startOrReload", file, "--json") == 0
    assert [view["name"] for view in cli.json] == ["web"]

import pytest

from tests.support.views import a_view


@pytest.mark.parametrize("word", ["describe", "desc", "info", "show"])
def test_each_process_is_described_in_its_turn(cli, word):
    cli.lists(a_view("web", detail=True), a_view("api", detail=True, pm_id=1))

    assert cli(word, "all") == 0
    assert cli.daemon.asked("list") == [{"selectors": ["all"], "detail": True}]
    assert cli.out.index("web (id 0)") < cli.out.index("api (id 1)")


def test_as_json_it_is_all_the_daemon_says(cli):
    cli.lists(a_view(detail=True))

    assert cli("describe", "app", "--json") == 0
    assert cli.json == [a_view(detail=True)]


def test_what_is_not_there_cannot_be_described(cli):
    cli.refuses("list", "process_not_found", "no process is called x")

    assert cli("describe", "x") == 3

from tests.support.views import a_view


def test_pids_are_one_a_line_and_0_for_what_is_down(cli):
    cli.lists(a_view(), a_view(pm_id=1, pid=None, state="stopped"))

    assert cli("pid", "app") == 0
    assert cli.out == "1234\n0\n"
    assert cli.daemon.asked("list") == [{"selectors": ["app"]}]


def test_pids_as_json(cli):
    cli.lists(a_view())

    assert cli("pid", "--json") == 0
    assert cli.json == [1234]


def test_without_processes_there_is_nothing_to_print(cli):
    cli.lists()

    assert cli("pid") == 0
    assert cli.out == ""

from tests.support.views import a_view


def test_ids_are_printed_as_node_shows_them(cli):
    cli.lists(a_view(), a_view(pm_id=1, instance=1))

    assert cli("id", "app") == 0
    assert cli.out == "[ 0, 1 ]\n"


def test_what_is_not_there_has_no_ids_and_is_no_fault(cli):
    cli.refuses("list", "process_not_found", "no")

    assert cli("id", "nosuch") == 0
    assert cli.out == "[]\n"


def test_ids_as_json(cli):
    cli.lists(a_view(pm_id=7))

    assert cli("id", "app", "--json") == 0
    assert cli.json == [7]

from tests.support.views import a_view


def test_jlist_by_way_of_the_parser_prints_the_same(cli):
    cli.lists(a_view("web", detail=True))
    cli("jlist")
    at_once = cli.out

    assert cli("jlist", "--no-color") == 0
    assert cli.out == at_once


def test_jlist_prints_nothing_when_it_fails(cli):
    cli.refuses("list", "internal_error", "no")

    assert cli("jlist") == 1
    assert cli.out == ""

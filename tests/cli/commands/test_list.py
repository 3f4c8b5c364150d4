import pytest

from tests.support.views import a_view


def test_list_takes_options_through_the_parser(cli):
    cli.lists(a_view("web"))

    assert cli("ls", "--no-color") == 0
    assert "│ web " in cli.out


def test_list_takes_no_arguments(cli):
    assert cli("list", "web") == 2
    assert cli.err.startswith("pmdaemon: got unexpected extra argument (web)")


def test_list_is_sorted_as_asked_for(cli):
    cli.lists(a_view("b", cpu=1.0), a_view("a", pm_id=1, cpu=2.0))

    assert cli("list", "--sort", "cpu", "--json") == 0
    assert [view["name"] for view in cli.json] == ["b", "a"]
    cli("list", "--sort", "cpu:desc")
    assert cli.out.index(" a ") < cli.out.index(" b ")


def test_list_is_blocks_where_a_table_does_not_fit(cli):
    cli.lists(a_view("web"))

    assert cli("list", "-m") == 0
    assert cli.out.startswith("+--- web\nnamespace : default\n")


@pytest.mark.parametrize("arguments", [["--sort", "size"], ["--json", "--watch"], ["--json", "-m"]])
def test_list_refuses_what_cannot_be_meant(cli, arguments):
    assert cli("list", *arguments) == 2
    assert cli.daemon.requests == []

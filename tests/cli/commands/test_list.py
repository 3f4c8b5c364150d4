from tests.support.views import a_view


def test_list_takes_options_through_the_parser(cli):
    cli.lists(a_view("web"))

    assert cli("ls", "--no-color") == 0
    assert "│ web " in cli.out


def test_list_takes_no_arguments(cli):
    assert cli("list", "web") == 2
    assert cli.err.startswith("pmdaemon: got unexpected extra argument (web)")

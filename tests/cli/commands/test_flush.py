from tests.support.views import a_view


def test_flush_empties_the_logs_of_what_is_selected(cli):
    cli.does("flush", a_view("web"))

    assert cli("flush", "web") == 0
    assert cli.daemon.asked("flush") == [{"selectors": ["web"]}]
    assert cli.out == "flushed web (id 0)\n"


def test_flush_of_nothing_in_particular_is_of_everything(cli):
    cli.does("flush", a_view("web"))

    assert cli("flush", "--json") == 0
    assert cli.daemon.asked("flush") == [{"selectors": ["all"]}]
    assert cli.json == [a_view("web")]

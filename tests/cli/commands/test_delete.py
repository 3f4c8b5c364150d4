from tests.support.views import a_view


def test_delete_acts_on_what_is_selected(cli):
    cli.does("delete", a_view("web"))
    cli.lists()

    assert cli("delete", "web", "1", "web:0", "/w.b/") == 0
    assert cli.daemon.asked("delete") == [{"selectors": ["web", "1", "web:0", "/w.b/"]}]
    assert cli.out.startswith("deleted web (id 0)\n")


def test_delete_wants_to_know_what(cli):
    assert cli("delete") == 2
    assert cli.daemon.requests == []


def test_delete_of_what_is_not_there_has_its_exit_code(cli):
    cli.refuses("delete", "process_not_found", "no process is called wbe; did you mean web?")

    assert cli("delete", "wbe") == 3
    assert cli.err == "pmdaemon: no process is called wbe; did you mean web?\n"


def test_del_is_short_for_it(cli):
    cli.does("delete", a_view())
    cli.lists()

    assert cli("del", "web") == 0

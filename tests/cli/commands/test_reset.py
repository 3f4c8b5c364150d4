from tests.support.views import a_view


def test_reset_acts_on_what_is_selected(cli):
    cli.does("reset", a_view("web"))
    cli.lists()

    assert cli("reset", "web", "1", "web:0", "/w.b/") == 0
    assert cli.daemon.asked("reset") == [{"selectors": ["web", "1", "web:0", "/w.b/"]}]
    assert cli.out.startswith("reset web (id 0)\n")


def test_reset_wants_to_know_what(cli):
    assert cli("reset") == 2
    assert cli.daemon.requests == []


def test_reset_of_what_is_not_there_has_its_exit_code(cli):
    cli.refuses("reset", "process_not_found", "no process is called wbe; did you mean web?")

    assert cli("reset", "wbe") == 3
    assert cli.err == "pmdaemon: no process is called wbe; did you mean web?\n"

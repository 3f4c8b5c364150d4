from tests.support.views import a_view


def test_restart_acts_on_what_is_selected(cli):
    cli.does("restart", a_view("web"))
    cli.lists()

    assert cli("restart", "web", "1", "web:0", "/w.b/") == 0
    assert cli.daemon.asked("restart") == [{"selectors": ["web", "1", "web:0", "/w.b/"]}]
    assert cli.out.startswith("restarted web (id 0)\n")


def test_restart_wants_to_know_what(cli):
    assert cli("restart") == 2
    assert cli.daemon.requests == []


def test_restart_of_what_is_not_there_has_its_exit_code(cli):
    cli.refuses("restart", "process_not_found", "no process is called wbe; did you mean web?")

    assert cli("restart", "wbe") == 3
    assert cli.err == "pmdaemon: no process is called wbe; did you mean web?\n"

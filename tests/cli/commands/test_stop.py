from tests.support.views import a_view


def test_stop_acts_on_what_is_selected(cli):
    cli.does("stop", a_view("web"))
    cli.lists()

    assert cli("stop", "web", "1", "web:0", "/w.b/") == 0
    assert cli.daemon.asked("stop") == [{"selectors": ["web", "1", "web:0", "/w.b/"]}]
    assert cli.out.startswith("stopped web (id 0)\n")


def test_stop_wants_to_know_what(cli):
    assert cli("stop") == 2
    assert cli.daemon.requests == []


def test_stop_of_what_is_not_there_has_its_exit_code(cli):
    cli.refuses("stop", "process_not_found", "no process is called wbe; did you mean web?")

    assert cli("stop", "wbe") == 3
    assert cli.err == "pmdaemon: no process is called wbe; did you mean web?\n"

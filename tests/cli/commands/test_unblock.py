from tests.support.views import a_view


def test_unblock_acts_on_what_is_selected(cli):
    cli.does("unblock", a_view("web"))
    cli.lists()

    assert cli("unblock", "web", "1", "web:0", "/w.b/") == 0
    assert cli.daemon.asked("unblock") == [{"selectors": ["web", "1", "web:0", "/w.b/"]}]
    assert cli.out.startswith("unblocked web (id 0)\n")


def test_unblock_wants_to_know_what(cli):
    assert cli("unblock") == 2
    assert cli.daemon.requests == []

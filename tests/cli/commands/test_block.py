from tests.support.views import a_view


def test_block_acts_on_what_is_selected(cli):
    cli.does("block", a_view("web"))
    cli.lists()

    assert cli("block", "web", "1", "web:0", "/w.b/") == 0
    assert cli.daemon.asked("block") == [{"selectors": ["web", "1", "web:0", "/w.b/"]}]
    assert cli.out.startswith("blocked web (id 0)\n")


def test_block_wants_to_know_what(cli):
    assert cli("block") == 2
    assert cli.daemon.requests == []

import pytest

from tests.support.views import a_view


def test_reload_acts_on_what_is_selected(cli):
    cli.does("reload", a_view("web"))
    cli.lists()

    assert cli("reload", "web", "shop") == 0
    assert cli.daemon.asked("reload") == [{"selectors": ["web", "shop"], "parallel": 1}]
    assert cli.out.startswith("reloaded web (id 0)\n")


def test_what_is_to_change_goes_along(cli):
    cli.does("reload", a_view("web"))
    cli.lists()

    cli("reload", "web", "--port", "4000-4003", "--parallel", "2", "--update-env", COLOUR="red")

    [body] = cli.daemon.asked("reload")
    assert (body["options"], body["parallel"]) == ({"port": "4000-4003"}, 2)
    assert body["environment"]["COLOUR"] == "red"


def test_what_could_only_be_restarted_is_said(cli):
    cli.does("reload", a_view("web"), warnings=["web cannot run beside itself"])
    cli.lists()

    assert cli("reload", "web") == 0
    assert cli.err == "pmdaemon: web cannot run beside itself\n"


@pytest.mark.parametrize("parallel", ["0", "-1", "many"])
def test_as_many_at_a_time_as_make_sense(cli, parallel):
    assert cli("reload", "web", "--parallel", parallel) == 2
    assert cli.daemon.requests == []


def test_a_reload_that_failed_shows_what_the_program_said(cli):
    cli.refuses("reload", "reload_failed", "cannot reload web:0: why", last_words=["no module"])

    assert cli("reload", "web") == 1
    assert cli.err.startswith("pmdaemon: cannot reload web:0: why\n")
    assert "no module" in cli.err


def test_reload_wants_to_know_what(cli):
    assert cli("reload") == 2
    assert cli.daemon.requests == []

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


def test_a_file_is_read_and_its_apps_are_reloaded_as_it_declares_them(cli, file):
    cli.does("start", a_view("web"))
    cli.lists()

    assert cli("reload", file, "--only", "web") == 0

    [body] = cli.daemon.asked("start")
    assert (body["existing"], [one["name"] for one in body["apps"]]) == ("reload", ["web"])
    assert cli.daemon.asked("reload") == []


def test_a_file_and_a_name_can_be_reloaded_together(cli, file):
    cli.does("start", a_view("web"))
    cli.does("reload", a_view("other", pm_id=2))
    cli.lists()

    assert cli("reload", file, "other") == 0

    assert cli.daemon.asked("reload") == [{"selectors": ["other"], "parallel": 1}]
    assert "reloaded other (id 2)\n" in cli.out


@pytest.mark.parametrize("more", [["--port", "1"], ["--update-env"], ["--parallel", "2"]])
def test_what_a_file_declares_is_changed_there(cli, file, more):
    assert cli("reload", file, *more) == 2
    assert "these options do not work with an ecosystem file" in cli.err


def test_a_name_with_a_dot_is_no_file(cli):
    cli.does("reload", a_view("web.app"))
    cli.lists()

    assert cli("reload", "web.app", "--port", "1") == 0
    assert cli.daemon.asked("reload")[0]["options"] == {"port": "1"}

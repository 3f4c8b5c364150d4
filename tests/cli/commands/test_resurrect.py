import pytest

from pmdaemon.client import dump_file
from pmdaemon.config.pm2_shape import dumped
from tests.support.views import a_view


@pytest.fixture
def saved(cli):
    def save(*views):
        dump_file.write(cli.home.dump, [dumped(view) for view in views])

    return save


def apps(body):
    return [(app["name"], app["instances"]) for app in body["declarations"]]


def test_what_was_up_is_started_and_what_was_down_is_listed(cli, saved):
    saved(
        a_view("web", detail=True),
        a_view("web", detail=True, pm_id=1, instance=1),
        a_view("old", detail=True, pm_id=2, state="stopped", pid=None),
    )
    cli.lists()
    cli.does("start", warnings=[])

    assert cli("resurrect") == 0

    up, down = cli.daemon.asked("start")
    assert (apps(up), up["down"], up["existing"]) == ([("web", 2)], False, "keep")
    assert (apps(down), down["down"]) == ([("old", 1)], True)


def test_what_is_there_and_was_down_is_left_alone(cli, saved):
    saved(a_view("old", detail=True, state="stopped", pid=None))
    cli.lists(a_view("old"))

    assert cli("resurrect") == 0
    assert cli.daemon.asked("start") == []


def test_one_that_cannot_come_back_does_not_hold_up_the_others(cli, saved):
    saved(a_view("web", detail=True), a_view("gone", detail=True, pm_id=1))
    cli.lists()
    cli.refuses("start", "invalid_configuration", "cannot use the dump")
    cli.does("start", a_view("web", uptime=0.0), warnings=[])
    cli.refuses("start", "script_not_found", "cannot run gone.js: no such file")

    assert cli("resurrect") == 1

    assert "started web (id 0)" in cli.out
    assert cli.err == "pmdaemon: not everything was restored: cannot run gone.js: no such file\n"


def test_nothing_saved_is_an_error(cli):
    assert cli("resurrect") == 1
    assert "nothing is saved" in cli.err
    assert cli.daemon.requests == []


def test_a_broken_file_is_said_and_its_backup_used(cli, saved):
    saved(a_view("web", detail=True))
    saved(a_view("web", detail=True))
    with open(cli.home.dump, "w") as file:
        file.write("{")
    cli.lists()
    cli.does("start", a_view("web"), warnings=[])

    assert cli("resurrect", "--json") == 0
    assert "; using " in cli.err
    assert cli.json == [a_view("web")]

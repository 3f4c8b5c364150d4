import pytest

from tests.support.views import a_view

STEP = {"name": "web", "action": "create", "changes": []}


@pytest.fixture
def path(folder):
    (folder / "eco.toml").write_text('[[apps]]\nname = "web"\nscript = "x"\n')
    return "eco.toml"


def test_a_file_is_sent_whole_and_what_was_done_is_shown(cli, path, folder):
    cli.does("apply", a_view("web", uptime=0.0), steps=[STEP])
    cli.lists(a_view("web"))

    assert cli("apply", path) == 0

    looked, body = cli.daemon.asked("apply")
    assert looked == body | {"dry_run": True}
    del body["environment"]
    assert body == {
        "apps": [{"name": "web", "script": "x"}],
        "source": "eco.toml",
        "cwd": str(folder),
        "file": str(folder / "eco.toml"),
        "interpolate": True,
        "whole": True,
        "prune": False,
        "dry_run": False,
    }
    assert cli.out.startswith("web: new, will be started\nstarted web (id 0)\n┌")


def test_a_warning_is_said_once(cli, path):
    cli.does("apply", steps=[STEP], warnings=["apps[0].frobs: unknown field"])
    cli.lists()

    assert cli("apply", path) == 0

    assert cli.err.count("unknown field") == 1


def test_what_is_to_be_done_is_shown_before_it_fails(cli, path):
    cli.does("apply", steps=[STEP])
    cli.refuses("apply", "operation_failed", "cannot start web")

    assert cli("apply", path) == 1

    assert cli.out == "web: new, will be started\n"


def test_it_may_only_be_shown(cli, path):
    cli.does("apply", steps=[STEP])

    assert cli("apply", path, "--dry-run") == 0

    assert cli.daemon.asked("apply")[0]["dry_run"] is True
    assert cli.out == "web: new, will be started\nnothing was done (--dry-run)\n"


def test_a_part_of_a_file_is_no_reason_to_delete(cli, path):
    cli.does("apply", steps=[STEP])

    assert cli("apply", path, "--only", "web", "--dry-run") == 0
    assert cli.daemon.asked("apply")[0]["whole"] is False

    assert cli("apply", path, "--only", "web", "--prune") == 2


def test_as_json_there_are_steps_and_processes(cli, path):
    cli.does("apply", a_view("web"), steps=[STEP])

    assert cli("apply", path, "--json") == 0
    assert cli.json == {"steps": [STEP], "processes": [a_view("web")]}

import json

import pytest

from tests.support.pm2_rpc import a_pm2_daemon, listed
from tests.support.views import a_view

WEB = {"name": "web", "pm_exec_path": "/srv/web.js", "pm_cwd": "/srv", "status": "online"}
OLD = {"name": "old", "pm_exec_path": "/srv/old.js", "pm_cwd": "/srv", "status": "stopped"}
MODULE = {"name": "pm2-logrotate", "pmx_module": True}


@pytest.fixture
def pm2(tmp_path):
    path = tmp_path / "pm2"
    path.mkdir()
    return path


@pytest.fixture
def saved(pm2):
    (pm2 / "dump.pm2").write_text(json.dumps([WEB, OLD, MODULE]))
    return pm2


def started(cli):
    return [(body["apps"][0]["name"], body["down"]) for body in cli.daemon.asked("start")]


def test_what_was_up_is_started_where_pm2_does_not_run(cli, saved):
    cli.lists()
    cli.does("start", a_view("web"))

    assert cli("import", "pm2", PM2_HOME=str(saved)) == 0
    assert started(cli) == [("web", False), ("old", True)]
    assert cli.out.startswith("web: /srv/web.js (up)\nold: /srv/old.js (stopped)\n")
    assert "pm2-logrotate: a PM2 module" in cli.out
    assert "pmdaemon start web" not in cli.out


def test_where_pm2_runs_nothing_is_started_and_it_is_told_what_to_type(cli, pm2):
    cli.lists()
    cli.does("start", a_view("web"))

    with a_pm2_daemon(pm2, listed(WEB, OLD)):
        assert cli("import", "pm2", "--from", str(pm2)) == 0

    assert started(cli) == [("web", True), ("old", True)]
    assert f"    PM2_HOME={pm2} pm2 save && PM2_HOME={pm2} pm2 kill\n" in cli.out
    assert "    pmdaemon start web\n" in cli.out


def test_a_dry_run_starts_nothing_and_needs_no_daemon(cli_without_daemon, saved):
    cli = cli_without_daemon

    assert cli("import", "pm2", "--dry-run", "--json", "--from", str(saved)) == 0
    assert [(one["app"]["name"], one["up"]) for one in cli.json["apps"]] == [
        ("web", True), ("old", False),
    ]  # fmt: skip
    assert cli.json["modules"] == ["pm2-logrotate"]


def test_after_a_dry_run_the_first_thing_to_type_is_the_import_itself(cli_without_daemon, pm2):
    cli = cli_without_daemon

    with a_pm2_daemon(pm2, listed(WEB)):
        assert cli("import", "pm2", "--dry-run", "--from", str(pm2)) == 0

    lines = cli.out.splitlines()
    at = lines.index("nothing was imported yet; to do it, run:")
    assert lines[at + 1] == f"    pmdaemon import pm2 --from {pm2}"
    assert "    pmdaemon start web" in lines[at + 2 :]


def test_nothing_of_pm2s_is_touched(cli, saved):
    (saved / "module_conf.json").write_text('{"a": "1"}')
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    cli.lists()
    cli.does("start")

    cli("import", "pm2", "--from", str(saved))

    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    cli("get", "a")
    assert cli.out == "1\n"


def test_one_that_cannot_be_taken_over_holds_up_no_other(cli, saved):
    cli.lists()
    cli.refuses("start", "script_not_found", "cannot run it")

    assert cli("import", "pm2", "--from", str(saved)) == 1
    assert len(started(cli)) == 2
    assert cli.err == "pmdaemon: not everything was imported: web: cannot run it (and 1 more)\n"


def test_no_home_of_pm2s_is_refused(cli_without_daemon, tmp_path):
    cli = cli_without_daemon

    assert cli("import", "pm2", "--from", str(tmp_path / "no")) == 2
    assert "is not a folder (say where it is: --from DIR)" in cli.err


def test_a_home_with_nothing_saved_is_refused(cli_without_daemon, pm2):
    cli = cli_without_daemon

    assert cli("import", "pm2", "--from", str(pm2)) == 2
    assert "has nothing saved there (pm2 save writes it)" in cli.err


def test_a_list_that_is_broken_is_not_said_to_be_missing(cli, pm2):
    (pm2 / "dump.pm2").write_text("[{")

    assert cli("import", "pm2", "--from", str(pm2)) == 2
    assert cli.err.startswith(
        f"pmdaemon: PM2 does not run in {pm2}, and its list is broken: cannot use {pm2}/dump.pm2:"
        " it is not valid JSON, nor its backup: "
    )

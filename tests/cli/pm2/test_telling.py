import json

import pytest

from pmdaemon import __version__
from pmdaemon.cli.commands import slist
from pmdaemon.client import dump_file
from tests.cli.commands.test_slist import HOST
from tests.support.views import a_view


def test_jlist_is_json_on_one_line_without_an_end_of_line(pm2, web):
    pm2.lists(web)

    assert pm2("jlist", PM2_SILENT="true") == 0
    [entry] = json.loads(pm2.out)
    assert not pm2.out.endswith("\n")
    assert entry["pm2_env"]["pm_out_log_path"] == f"{pm2.folder}/logs/web-out.log"
    assert entry["pm2_env"]["pm_pid_path"] == f"{pm2.folder}/pids/web-0.pid"


def test_prettylist(pm2, web):
    pm2.lists(web)

    assert pm2("prettylist") == 0
    assert pm2.out.startswith("[\n  {\n    pid: 1234,\n    name: 'web',\n")


def test_ids_and_pids(pm2, web):
    pm2.lists(web, a_view("web", pm_id=1, pid=None))

    assert pm2("id", "web") == 0
    assert pm2.out == "[ 0, 1 ]\n"
    assert pm2("pid", "web") == 0
    assert pm2.out == "1234\n0\n"


@pytest.mark.parametrize(("word", "out"), [("id", "[]\n"), ("pid", "\n")])
def test_what_is_not_there_has_none_and_is_no_fault(pm2, word, out):
    pm2.refuses("list", "process_not_found", "no")

    assert pm2(word, "nosuch") == 0
    assert pm2.out == out


def test_ping(pm2):
    pm2.daemon.answers("ping", {"result": {"pid": 1, "version": "1", "home": "/"}})

    assert pm2("ping") == 0
    assert pm2.out == "{ msg: 'pong' }\n"


def test_the_environment_of_a_process(pm2, web):
    pm2.lists(web)

    assert pm2("env", "0") == 0
    assert "MODE: test\n" in pm2.out


def test_the_environment_of_what_is_not_there(pm2):
    pm2.refuses("list", "process_not_found", "no")

    assert pm2("env", "99") == 1
    assert pm2.err == "[PM2][ERROR] Modules with id 99 not found\n"


def test_flush_names_files_by_pm2s_names(pm2, web):
    pm2.lists(web)
    pm2.does("flush", web)

    assert pm2("flush", "web") == 0
    assert pm2.said == [
        "[PM2] Flushing:",
        f"[PM2] {pm2.folder}/logs/web-out.log",
        f"[PM2] {pm2.folder}/logs/web-error.log",
        "[PM2] Logs flushed",
    ]


def test_the_list_is_saved_in_pm2s_home(pm2, web):
    pm2.lists(web)

    assert pm2("save") == 0
    assert pm2.said[-1] == f"[PM2] Successfully saved in {pm2.folder}/dump.pm2"
    assert dump_file.read(f"{pm2.folder}/dump.pm2")[0][0]["name"] == "web"
    assert pm2("save", "web") == 1


def test_an_empty_list_is_saved_by_force_only(pm2):
    pm2.lists()

    assert pm2("save") == 0
    assert pm2.said[-1].startswith("[PM2][WARN] There is no process to save")
    assert pm2("save", "--force") == 0
    assert pm2("cleardump") == 0
    assert dump_file.read(f"{pm2.folder}/dump.pm2")[0] == []


def test_what_was_saved_comes_back(pm2):
    dump_file.write(f"{pm2.folder}/dump.pm2", [{"name": "web", "pm_exec_path": "/srv/web.js"}])
    web = a_view("web", detail=True)
    pm2.lists()
    pm2.lists()
    pm2.lists(web)
    pm2.does("start", web)

    assert pm2("resurrect") == 0
    assert pm2.said[-1] == f"[PM2] Process {web['declaration']['cwd']}/app.js restored"


def test_nothing_saved_is_no_fault(pm2):
    pm2.lists()

    assert pm2("resurrect") == 0
    assert pm2.err == "[PM2][ERROR] No processes saved; DUMP file doesn't exist\n"


def test_kill_where_nothing_runs_is_no_fault(pm2_without_daemon):
    assert pm2_without_daemon("kill") == 0
    assert pm2_without_daemon.said == [
        "[PM2] [v] All Applications Stopped", "[PM2] [v] PM2 Daemon Stopped",
    ]  # fmt: skip


@pytest.mark.parametrize("flag", ["-v", "-V", "--version"])
def test_the_version_is_a_number(pm2_without_daemon, flag):
    assert pm2_without_daemon(flag) == 0
    assert pm2_without_daemon.out == f"{__version__}\n"


def test_logs_are_made_anew_by_themselves(pm2):
    pm2.daemon.answers("ping", {"result": {"pid": 1, "version": "1", "home": "/"}})

    assert pm2("reloadLogs") == 0
    assert pm2.said == ["Reloading all logs...", "All logs reloaded"]


def test_silence_leaves_what_scripts_read(pm2, web):
    pm2.lists(web)

    assert pm2("list", "-s") == 0
    assert pm2.out == ""
    assert pm2("id", "web", "-s") == 0
    assert pm2.out == "[ 0 ]\n"


def test_an_action_is_answered_as_pm2_prints_it(pm2):
    reply = {"pm_id": 0, "name": "web", "namespace": "default", "value": {"a": [1, "é"]}}
    pm2.daemon.answers("trigger", {"result": {"replies": [reply]}})

    assert pm2("trigger", "web", "hello", "x") == 0
    assert pm2.out == '1 processes have received command hello\n[web:0:default]={"a":[1,"é"]}\n'
    assert pm2("trigger", "web") == 1
    assert pm2.err == "[PM2][ERROR] missing required argument `action_name'\n"


def test_what_the_machine_uses_is_shown_as_node_shows_values(pm2, monkeypatch):
    monkeypatch.setattr(slist, "INTERVAL", 0.0)
    for _ in range(2):
        pm2.daemon.answers("host", {"result": HOST})

    assert pm2("slist") == 0
    assert pm2.out.startswith("{\n  'CPU Usage': { value: 12.5, type: 'metric', unit: '%', ")

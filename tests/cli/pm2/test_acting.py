import pytest
from msgspec.structs import replace

from pmdaemon.cli.pm2 import front, session
from pmdaemon.core.spec import WatchPolicy
from tests.support.views import DECLARED, a_view


def test_a_program_is_started_in_pm2s_words(pm2, folder, web):
    (folder / "app.js").touch()
    pm2.refuses("list", "process_not_found", "no")
    pm2.lists(web)
    pm2.does("start", web)

    assert pm2("start", "app.js", "--name", "web", "--", "-x", "1", PM2_KILL_TIMEOUT="500") == 0
    assert pm2.said == [
        f"[PM2] Starting {folder}/app.js in fork_mode (1 instance)", "[PM2] Done.",
    ]  # fmt: skip
    [asked] = pm2.daemon.asked("start")
    assert asked["target"] == "app.js"
    assert asked["options"] == {
        "kill_timeout": "500",
        "stdin": True,
        "pid_file": f"{pm2.folder}/pids/web-{{id}}.pid",
        "name": "web",
        "args": ["-x", "1"],
    }


def test_what_is_there_is_started_anew(pm2, web):
    pm2.lists(web)
    pm2.does("restart", web)

    assert pm2("start", "web") == 0
    assert pm2.said == [
        "[PM2] Applying action restartProcessId on app [web](ids: [ 0 ])",
        "[PM2] [web](0) ✓",
        "[PM2] Process successfully started",
    ]


def test_what_runs_already_is_refused_and_by_force_there_is_one_more(pm2, folder, web):
    (folder / "app.js").touch()
    pm2.refuses("list", "process_not_found", "no")
    pm2.refuses("start", "app_already_exists", "it is there")

    assert pm2("start", "app.js") == 1
    assert pm2.err == (
        "[PM2][ERROR] Script already launched, add -f option to force re-execution\n"
    )

    pm2.lists(web)
    pm2.does("scale", web)
    pm2.daemon.answers("list", {"result": {"processes": [web]}})
    assert pm2("restart", "web", "-f") in {0, 1}


def test_a_script_that_is_not_there_is_named_in_full(pm2, folder):
    pm2.refuses("list", "process_not_found", "no")

    assert pm2("start", "nosuch.js") == 1
    assert pm2.err == f"[PM2][ERROR] Script not found: {folder}/nosuch.js\n"


def test_a_file_tells_what_is_new_and_what_is_started_anew(pm2, folder, web):
    (folder / "eco.json").write_text("[{name: 'web', script: 'a'}, {name: 'api', script: 'b'}]")
    pm2.lists(web)
    pm2.does("start", web, a_view("api", pm_id=1))

    assert pm2("start", "eco.json") == 0
    assert pm2.said == [
        "[PM2][WARN] Applications api not running, starting...",
        "[PM2] Applying action restartProcessId on app [web](ids: [ 0 ])",
        "[PM2] [web](0) ✓",
        "[PM2] App [api] launched (1 instances)",
    ]
    [asked] = pm2.daemon.asked("start")
    assert asked["apps"][1]["pid_file"] == f"{pm2.folder}/pids/api-{{id}}.pid"


@pytest.mark.parametrize("word", ["startOrReload", "startOrGracefulReload"])
def test_the_apps_of_a_file_are_reloaded(pm2, folder, web, word):
    (folder / "eco.json").write_text('[{"name": "web", "script": "a"}]')
    pm2.lists(web)
    pm2.does("start", web)

    assert pm2(word, "eco.json") == 0
    assert pm2.daemon.asked("start")[0]["existing"] == "reload"
    assert "reloadProcessId" in pm2.out


@pytest.mark.parametrize(
    ("word", "verb", "action"),
    [("stop", "stop", "stopProcessId"), ("delete", "delete", "deleteProcessId"),
     ("del", "delete", "deleteProcessId")],
)  # fmt: skip
def test_processes_are_acted_on_in_turn(pm2, web, word, verb, action):
    pm2.lists(web)
    pm2.does(verb, web)

    assert pm2(word, "web", "web") == 0
    assert pm2.said == 2 * [
        f"[PM2] Applying action {action} on app [web](ids: [ 0 ])", "[PM2] [web](0) ✓",
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["stop", "delete", "restart", "reload"])
def test_what_is_not_there_ends_with_1(pm2, web, word):
    pm2.refuses("list", "process_not_found", "no")
    pm2.lists(web)

    assert pm2(word, "nosuch") == 1
    assert pm2.err == "[PM2][ERROR] Process or Namespace nosuch not found\n"


@pytest.mark.parametrize("word", ["stop", "delete", "restart", "reload"])
def test_something_has_to_be_named(pm2, word):
    pm2.lists()

    assert pm2(word) == 1
    assert pm2.err.startswith("[PM2][ERROR] missing required argument")


def test_options_and_the_environment_are_taken_over_by_a_restart(pm2, web):
    pm2.lists(web)
    pm2.does("restart", web)

    assert pm2("restart", "web", "-a", "--max-memory-restart", "1G") == 0
    [asked] = pm2.daemon.asked("restart")
    assert asked["options"] == {"max_memory_restart": "1G"}
    assert asked["environment"]["PM2_HOME"] == str(pm2.folder)
    assert "--update-env" not in pm2.out


def test_a_reload_prints_no_table(pm2, web):
    pm2.lists(web)
    pm2.does("reload", web)

    assert pm2("reload", "web", PM2_CONCURRENT_ACTIONS="3") == 0
    assert pm2.out.splitlines() == [
        "Use --update-env to update environment variables",
        "[PM2] Applying action reloadProcessId on app [web](ids: [ 0 ])",
        "[PM2] [web](0) ✓",
    ]
    assert pm2.daemon.asked("reload")[0]["parallel"] == 3


def test_scale_says_up_or_down_or_that_there_is_nothing_to_do(pm2, web):
    pm2.lists(web)
    pm2.does("scale", web, web)

    assert pm2("scale", "web", "2") == 0
    assert pm2.said == ["[PM2] Scaling up application"]
    assert pm2("scale", "web", "1") == 1
    assert pm2.err == "[PM2][ERROR] Nothing to do\n"


def test_scale_of_what_is_not_there(pm2):
    pm2.refuses("list", "process_not_found", "no")

    assert pm2("scale", "web", "1") == 1
    assert pm2.err == "[PM2][ERROR] Application web not found\n"


def test_an_unknown_id_is_no_fault_of_reset_and_an_unknown_name_is(pm2):
    pm2.refuses("reset", "process_not_found", "no")
    pm2.lists()

    assert pm2("reset", "99") == 0
    assert pm2.said == ["[PM2] Resetting meta for process id 99"]

    pm2.refuses("list", "process_not_found", "no")
    assert pm2("reset", "nosuch") == 1


def test_a_signal_is_sent(pm2, web):
    pm2.lists(web)
    pm2.does("signal", web)

    assert pm2("sendSignal", "SIGUSR2", "web") == 0
    assert pm2.said == [
        "[PM2] Sending signal to process name web",
        "successfully sent signal SIGUSR2 to process name web",
    ]


@pytest.mark.parametrize("word", ["stop", "delete", "restart", "reload"])
def test_where_nothing_is_there_at_all_that_is_a_fault_as_with_pm2(pm2, word):
    pm2.lists()

    assert pm2(word, "all") == 1
    assert pm2.err == "[PM2][WARN] No process found\n"


@pytest.mark.parametrize("word", ["restart", "reload"])
def test_an_environment_is_of_a_file(pm2, web, word):
    pm2.lists(web)

    assert pm2(word, "web", "--env", "production") == 1
    assert "without passing the ecosystem.config.js" in pm2.err
    assert pm2.daemon.asked(word) == []


def test_an_id_stays_as_it_was_typed(pm2, web):
    pm2.lists(web)
    pm2.does("stop", web)

    assert pm2("stop", "0") == 0
    assert pm2.said[0] == "[PM2] Applying action stopProcessId on app [0](ids: [ '0' ])"


def test_a_command_line_is_named_after_all_of_it(pm2, web):
    pm2.refuses("list", "process_not_found", "no")
    pm2.lists(web)
    pm2.does("start", web)

    assert pm2("start", "npm run start") == 0
    [asked] = pm2.daemon.asked("start")
    assert (asked["target"], asked["options"]["name"]) == ("npm run start", "npm run start")


def test_what_the_daemon_warns_of_is_said_in_pm2s_voice(pm2, web):
    pm2.lists(web)
    pm2.daemon.answers("reload", {"result": {"processes": [web], "warnings": ["it was restarted"]}})

    assert pm2("reload", "web") == 0
    assert pm2.err == "[PM2][WARN] it was restarted\n"


@pytest.mark.parametrize("verb", ["stop", "restart", "delete"])
@pytest.mark.parametrize("path", ["/srv/app.js", "./app.js", "app.js"])
def test_processes_are_named_by_the_path_of_their_script_too(pm2, web, monkeypatch, verb, path):
    monkeypatch.setattr(session, "current_directory", lambda: "/srv")
    pm2.refuses("list", "process_not_found", "no")
    pm2.lists(web)
    pm2.does(verb, web)

    assert pm2(verb, path) == 0
    assert [one["selectors"] for one in pm2.daemon.asked(verb)] == [["0"]]


@pytest.mark.parametrize(("is_watched", "wanted"), [(False, True), (True, False)])
def test_restart_turns_watching_on_and_off(pm2, is_watched, wanted):
    watch = WatchPolicy(("/srv",)) if is_watched else None
    web = a_view("web", detail=True, spec=replace(DECLARED, watch=watch))
    pm2.lists(web)
    pm2.does("restart", web)

    assert pm2("restart", "web", "--watch") == 0
    assert pm2.daemon.asked("restart")[0]["options"] == {"watch": wanted}


def test_what_was_started_is_followed_by_its_name(pm2, folder, web, monkeypatch):
    (folder / "app.js").touch()
    pm2.refuses("list", "process_not_found", "no")
    pm2.lists(web)
    pm2.does("start", web)
    followed = []
    monkeypatch.setattr(front, "_ours", lambda arguments, *_: followed.append(arguments))

    pm2("start", "app.js", "--name", "web", "--attach")

    assert followed[0] == ["logs", "web"]


@pytest.mark.parametrize("count", ["many", "9" * 5000])
def test_a_number_of_instances_that_is_none_is_refused(pm2, web, count):
    pm2.lists(web)

    assert pm2("reload", "web", "--parallel", count) == 1
    assert pm2.err.startswith(f"[PM2][ERROR] cannot reload {count[:20]}")
    assert pm2.daemon.asked("reload") == []

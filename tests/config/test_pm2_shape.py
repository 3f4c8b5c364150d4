import pytest
from msgspec.structs import replace

from pmdaemon.config.pm2_shape import STATUS, About, Places, dumped, entry, folder_of
from pmdaemon.core.logs import TIME_FORMAT
from pmdaemon.core.process import ProcessState
from pmdaemon.core.spec import LogPolicy, RestartPolicy, Schedule, StopPolicy, WatchPolicy
from tests.support.views import DECLARED, a_view


def test_every_state_has_a_word_of_pm2():
    assert STATUS.keys() == {str(state) for state in ProcessState}
    assert set(STATUS.values()) == {
        "stopped", "launching", "online", "stopping", "waiting restart", "errored",
    }  # fmt: skip


def test_an_entry_has_the_keys_of_pm2_in_their_order():
    shape = entry(a_view(detail=True, pm_id=3))

    assert list(shape) == ["pid", "name", "pm2_env", "pm_id", "monit"]
    assert shape["pid"] == 1234
    assert shape["pm_id"] == 3
    assert shape["monit"] == {"memory": 47395635, "cpu": 1.2}


def test_times_and_durations_are_whole_milliseconds():
    spec = replace(DECLARED, stop=StopPolicy(grace=2.5), restart=RestartPolicy(restart_delay=0.1))

    env = entry(a_view(detail=True, spec=spec))["pm2_env"]

    times = {name: env[name] for name in ("pm_uptime", "created_at", "kill_timeout")}
    assert times == {"pm_uptime": 1700000000250, "created_at": 1699999999000, "kill_timeout": 2500}
    assert env["restart_delay"] == 100


def test_what_pm2_leaves_to_its_defaults_is_left_out():
    env = entry(a_view(detail=True))["pm2_env"]

    assert not {"kill_timeout", "min_uptime", "max_restarts", "cron_restart", "uid"} & env.keys()


def test_a_process_that_is_down_has_pid_0_and_uses_nothing():
    shape = entry(a_view(detail=True, state="stopped", pid=None))

    assert (shape["pid"], shape["monit"]) == (0, {"memory": 0, "cpu": 0})
    assert shape["pm2_env"]["status"] == "stopped"


def test_a_process_that_never_ran_has_its_creation_for_a_start():
    assert entry(a_view(detail=True, started=None))["pm2_env"]["pm_uptime"] == 1699999999000


def test_a_state_of_a_newer_daemon_goes_through():
    assert entry(a_view(detail=True, state="paused"))["pm2_env"]["status"] == "paused"


def test_an_exit_code_is_there_after_the_first_exit():
    ended = {"code": 3, "signal": None}

    assert "exit_code" not in entry(a_view(detail=True))["pm2_env"]
    assert entry(a_view(detail=True, last_exit=ended))["pm2_env"]["exit_code"] == 3


def test_variables_are_in_env_and_once_more_beside_the_fields():
    spec = replace(DECLARED, env={"MODE": "x", "name": "shadow"})

    env = entry(a_view("app", detail=True, spec=spec))["pm2_env"]

    assert env["env"] == {"PATH": "/usr/bin", "HOME": "/root", "MODE": "x", "name": "shadow"}
    assert env["MODE"] == "x"
    assert env["name"] == "app"


def test_a_reserved_port_is_among_the_variables():
    assert entry(a_view(detail=True, tcp_port=3000))["pm2_env"]["PORT"] == "3000"


def test_a_variable_that_grows_from_instance_to_instance_is_among_them():
    spec = replace(DECLARED, increment_var="SHARD", env={"SHARD": "5"})
    view = {**a_view(detail=True, spec=spec), "added_env": {"SHARD": "6", "pm_id": "1"}}

    env = entry(view)["pm2_env"]

    assert (env["SHARD"], env["env"]["SHARD"], env["increment_var"]) == ("6", "6", "SHARD")


@pytest.mark.parametrize(
    ("script", "argv", "program"),
    [
        ("app.js", ["/usr/bin/node", "/srv/app.js", "-v"], ("/srv/app.js", "node", ["-v"])),
        ("./app.js", ["/usr/bin/node", "/srv/app.js"], ("/srv/app.js", "node", [])),
        ("/a/b.py", ["/usr/bin/python3", "-u", "/a/b.py"], ("/a/b.py", "python3", [])),
        ("node x.js", ["/usr/bin/node", "x.js"], ("/usr/bin/node", "none", ["x.js"])),
        ("/bin/tool", ["/bin/tool", "-a"], ("/bin/tool", "none", ["-a"])),
    ],
)
def test_script_and_interpreter_are_told_apart(script, argv, program):
    spec = replace(DECLARED, command=replace(DECLARED.command, argv=tuple(argv)))

    env = entry(a_view(detail=True, script=script, spec=spec))["pm2_env"]

    assert (env["pm_exec_path"], env["exec_interpreter"], env.get("args", [])) == program


def test_a_dump_has_the_whole_declaration_beside_what_pm2_has():
    view = a_view(detail=True)

    assert dumped(view)["pmdaemon"] == {"declaration": view["declaration"]}


def test_a_dump_says_nothing_that_belongs_to_the_running_process_alone():
    shape = dumped(a_view(detail=True))

    assert not {"pm_id", "instances"} & shape.keys()


def test_files_of_ones_own_are_where_pm2_has_them():
    logs = LogPolicy(out_file="/own.log", combined_file="/all.log")
    view = a_view(detail=True, instance=1, spec=replace(DECLARED, logs=logs))

    env = entry(view)["pm2_env"]

    assert env["pm_out_log_path"] == "/own-1.log"
    assert env["pm_err_log_path"] == view["error_file"]
    assert env["pm_log_path"] == "/all-1.log"


def test_pm2_names_files_where_somebody_knows_its_names():
    places = Places("/pm2/logs/app-out.log", "/pm2/logs/app-error.log", "/pm2/pids/app-0.pid")

    env = entry(a_view(detail=True), About("1.2.3", username="root", places=places))["pm2_env"]

    assert (env["pm_out_log_path"], env["pm_pid_path"]) == (places.out, places.pid)
    assert (env["version"], env["username"]) == ("1.2.3", "root")


def test_what_is_declared_has_pm2s_words():
    spec = replace(
        DECLARED,
        watch=WatchPolicy(("/srv",), ("x",), 0.2),
        cron_restart=Schedule("0 3 * * *"),
        exec_mode="cluster",
        instances=2,
    )

    env = entry(a_view(detail=True, spec=spec))["pm2_env"]

    assert (env["watch"], env["ignore_watch"], env["watch_delay"]) == (True, ["x"], 200)
    assert (env["cron_restart"], env["exec_mode"]) == ("0 3 * * *", "cluster_mode")
    assert "merge_logs" not in env


def test_a_pid_file_has_the_id_in_its_name():
    spec = replace(DECLARED, pid_file="/run/app-{id}.pid")

    env = entry(a_view(detail=True, pm_id=3, spec=spec))["pm2_env"]

    assert env["pm_pid_path"] == "/run/app-3.pid"


def test_a_program_has_the_same_unique_id_each_time_and_others_have_another():
    def unique_id(**changes):
        return entry(a_view(detail=True, **changes))["pm2_env"]["unique_id"]

    assert unique_id() == unique_id()
    assert unique_id() != unique_id(created=1.0)


def test_what_the_agent_of_a_program_says_is_where_pm2_has_it():
    said = {
        "actions": [{"action_name": "dump"}],
        "monitor": {"jobs": 1},
        "options": {"error": True},
    }

    silent = entry(a_view(detail=True))["pm2_env"]
    env = entry({**a_view(detail=True), "agent": said}, About(node="20.1.2"))["pm2_env"]

    keys = ("axm_actions", "axm_monitor", "axm_options", "axm_dynamic")
    assert [silent[key] for key in keys] == [[], {}, {}, {}]
    assert [env[key] for key in keys] == [*said.values(), {}]
    assert (silent.get("node_version"), env["node_version"]) == (None, "20.1.2")


@pytest.mark.parametrize(
    ("script", "argv", "folder"),
    [
        ("app.js", ["/usr/bin/node", "/srv/app.js"], "/srv"),
        ("uvicorn", ["/opt/bin/uvicorn", "api:app"], "/opt/bin"),
        ("/init", ["/init"], "/"),
    ],
)
def test_the_folder_of_a_program_is_that_of_what_runs(script, argv, folder):
    spec = replace(DECLARED, command=replace(DECLARED.command, script=script, argv=tuple(argv)))

    assert folder_of(a_view(detail=True, spec=spec, script=script)) == folder


@pytest.mark.parametrize(("date_format", "time"), [(TIME_FORMAT, True), ("YYYY", None)])
def test_that_lines_have_their_time_is_told_as_pm2_does(date_format, time):
    spec = replace(DECLARED, logs=LogPolicy(date_format=date_format))

    env = entry(a_view(detail=True, spec=spec))["pm2_env"]

    assert (env["log_date_format"], env.get("time")) == (date_format, time)


@pytest.mark.parametrize(
    ("known", "unstable", "waited"),
    [
        ({}, 0, None),
        ({"failures": 3}, 3, None),
        ({"failures": 3, "state": "errored"}, 0, None),
        ({"failures": 2, "backoff": 0.45}, 2, 450),
        ({"restarts": 1, "last_cause": "restart requested"}, 0, 0),
    ],
)
def test_failures_and_waits_are_told_as_pm2_does(known, unstable, waited):
    env = entry({**a_view(detail=True), **known})["pm2_env"]

    assert (env["unstable_restarts"], env.get("prev_restart_delay")) == (unstable, waited)

import json

import pytest
from msgspec.structs import replace

from pmdaemon.config.pm2_shape import STATUS, app_of, by_name, dumped, entry, was_up
from pmdaemon.core.process import ProcessState
from pmdaemon.core.spec import Command, LogPolicy, RestartPolicy, StopPolicy
from pmdaemon.core.tcp_ports import TcpPorts
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
    assert (env["restart_delay"], env["min_uptime"]) == (100, 1000)


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

    assert (env["pm_exec_path"], env["exec_interpreter"], env["args"]) == program


def test_a_dump_of_ours_gives_the_same_app_back():
    spec = replace(
        DECLARED,
        command=Command("node app.js", ("--fast",), None, ("/usr/bin/node", "app.js", "--fast")),
        tcp_ports=TcpPorts(3000, 3003),
        max_memory=1048576,
        restart=RestartPolicy(autorestart=False, stop_exit_codes=frozenset({0, 3})),
        stop=StopPolicy("SIGTERM", grace=5.0),
    )
    view = a_view("web", detail=True, script="node app.js", namespace="shop", spec=spec)

    app = app_of([json.loads(json.dumps(dumped(view)))] * 2)

    assert app == {
        "name": "web",
        "cwd": "/srv",
        "namespace": "shop",
        "autorestart": False,
        "max_restarts": 16,
        "min_uptime": 1000,
        "restart_delay": 0,
        "stop_exit_codes": [0, 3],
        "kill_timeout": 5000,
        "max_memory_restart": 1048576,
        "instances": 2,
        "script": "node app.js",
        "args": ["--fast"],
        "interpreter_args": [],
        "port": "3000-3003",
        "stop_signal": "SIGTERM",
        "log_max_size": 10485760,
        "log_keep": 10,
        "log_max_age": 2592000000,
        "log_compress": True,
        "env": {"MODE": "test"},
        "inherited_env": {"PATH": "/usr/bin", "HOME": "/root"},
    }


def test_a_dump_says_nothing_that_belongs_to_the_running_process_alone():
    shape = dumped(a_view(detail=True))

    assert not {"pm_id", "instances"} & shape.keys()


def test_a_dump_of_pm2_is_read_without_what_pm2_added():
    dump = {
        "name": "api",
        "namespace": "default",
        "pm_exec_path": "/srv/api.js",
        "pm_cwd": "/srv",
        "args": ["--port", "3000"],
        "exec_interpreter": "node",
        "node_args": ["--inspect"],
        "kill_timeout": 3000,
        "max_memory_restart": 157286400,
        "autorestart": True,
        "status": "online",
        "env": {
            "PATH": "/usr/bin",
            "NODE_ENV": "production",
            "PM2_HOME": "/root/.pm2",
            "unique_id": "a-b-c",
            "api": {},
        },
        "axm_monitor": {},
    }

    assert app_of([dump]) == {
        "name": "api",
        "namespace": "default",
        "cwd": "/srv",
        "script": "/srv/api.js",
        "args": ["--port", "3000"],
        "interpreter": "node",
        "interpreter_args": ["--inspect"],
        "kill_timeout": 3000,
        "max_memory_restart": 157286400,
        "autorestart": True,
        "instances": 1,
        "inherited_env": {"PATH": "/usr/bin", "NODE_ENV": "production"},
    }


def test_instances_of_an_app_are_put_together_in_order():
    dumps = [{"name": "a", "n": 1}, {"name": "b", "n": 2}, {"name": "a", "n": 3}]

    assert by_name(dumps) == {"a": [dumps[0], dumps[2]], "b": [dumps[1]]}


@pytest.mark.parametrize(
    ("status", "up"),
    [("online", True), ("launching", True), ("errored", True), ("waiting restart", True),
     ("stopped", False), ("stopping", False)],
)  # fmt: skip
def test_what_was_not_stopped_is_to_come_back(status, up):
    assert was_up({"status": status}) is up


def test_files_of_ones_own_are_where_pm2_has_them():
    logs = LogPolicy(out_file="/own.log", combined_file="/all.log")
    view = a_view(detail=True, instance=1, spec=replace(DECLARED, logs=logs))

    env = entry(view)["pm2_env"]

    assert env["pm_out_log_path"] == "/own-1.log"
    assert env["pm_err_log_path"] == view["error_file"]
    assert env["pm_log_path"] == "/all-1.log"


def test_where_output_goes_comes_back_with_the_app():
    logs = LogPolicy(out_file="/own.log", merge=True, date_format="HH:mm", json=True)
    saved = dumped(a_view(detail=True, spec=replace(DECLARED, logs=logs)))

    app = app_of([saved])

    assert (app["out_file"], app["merge_logs"], app["log_date_format"], app["log_type"]) == (
        "/own.log", True, "HH:mm", "json",
    )  # fmt: skip
    assert "error_file" not in app

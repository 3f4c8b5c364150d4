import json

import pytest
from msgspec.structs import replace

from pmdaemon.config.pm2_dump import app_of, by_name, declaration_of, was_up
from pmdaemon.config.pm2_shape import dumped
from tests.support.views import DECLARED, a_view


def test_a_dump_of_ours_has_its_declaration_and_as_many_instances_as_entries():
    spec = replace(DECLARED, instances=4, max_memory=1048576)
    view = a_view(detail=True, spec=spec)

    saved = [json.loads(json.dumps(dumped(view)))] * 2

    assert declaration_of(saved) == {**view["declaration"], "instances": 2}


def test_a_dump_of_pm2_has_no_declaration():
    assert declaration_of([{"name": "api"}]) is None
    assert declaration_of([{"name": "api", "pmdaemon": {"declaration": 1}}]) is None


def test_a_dump_of_the_first_release_is_read_for_ever():
    dump = {
        "name": "web",
        "pm_cwd": "/srv",
        "kill_timeout": 5000,
        "env": {"PATH": "/bin", "MODE": "x"},
        "pmdaemon": {
            "script": "node app.js", "args": ["--fast"], "port": "3000", "env": ["MODE"],
            "interpreter": None, "stop_signal": "SIGTERM", "log_keep": 3,
        },
    }  # fmt: skip

    assert app_of([dump, dump]) == {
        "name": "web",
        "cwd": "/srv",
        "kill_timeout": 5000,
        "instances": 2,
        "script": "node app.js",
        "args": ["--fast"],
        "port": "3000",
        "stop_signal": "SIGTERM",
        "log_keep": 3,
        "env": {"MODE": "x"},
        "inherited_env": {"PATH": "/bin"},
    }


def test_a_command_line_that_pm2_runs_by_a_shell_is_itself_again():
    dump = {
        "name": "py",
        "pm_exec_path": "/usr/bin/bash",
        "args": ["-c", "python3 -m http.server 3000"],
        "exec_interpreter": "none",
    }

    app = app_of([dump])

    assert app["script"] == "python3 -m http.server 3000"
    assert not {"args", "interpreter"} & app.keys()


@pytest.mark.parametrize("names", [None, 3, [["A"]]])
def test_names_of_variables_that_are_none_are_left_out(names):
    app = app_of([{"name": "web", "env": {"A": "1"}, "pmdaemon": {"env": names}}])

    assert (app["env"], app["inherited_env"]) == ({}, {"A": "1"})


def test_what_pm2_acts_on_is_handed_on():
    fields = {
        "cron_restart": "0 3 * * *", "watch": ["src"], "ignore_watch": ["x"], "watch_delay": 200,
        "wait_ready": True, "listen_timeout": 5000, "treekill": False, "autostart": False,
        "exp_backoff_restart_delay": 100, "increment_var": "SHARD", "uid": 1000,
        "log_date_format": "HH", "shutdown_with_message": True,
    }  # fmt: skip

    app = app_of([{"name": "a", "exec_mode": "cluster_mode", **fields}])

    assert app["exec_mode"] == "cluster"
    assert {name: app[name] for name in fields} == fields


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
        "exec_mode": "fork",
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
     ("stopped", False), ("stopping", False), (["stopped"], True)],
)  # fmt: skip
def test_what_was_not_stopped_is_to_come_back(status, up):
    assert was_up({"status": status}) is up

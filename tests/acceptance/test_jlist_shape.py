"""`jlist` has PM2's keys, in PM2's order and with PM2's types; so has PM2 itself, where it is."""

import json
import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.shared_home

REAL_PM2 = os.environ.get("PM2_TO_COMPARE") or shutil.which("pm2")

TOP = {"pid": int, "name": str, "pm2_env": dict, "pm_id": int, "monit": dict}

ENV = {
    "name": str, "filter_env": list, "namespace": str, "args": list, "env": dict,
    "merge_logs": bool, "vizion": bool, "autostart": bool, "autorestart": bool, "watch": bool,
    "instance_var": str, "pmx": bool, "automation": bool, "treekill": bool, "username": str,
    "windowsHide": bool, "kill_retry_time": int, "kill_timeout": int, "max_memory_restart": int,
    "node_args": list, "pm_exec_path": str, "pm_cwd": str, "exec_interpreter": str,
    "exec_mode": str, "instances": int, "pm_out_log_path": str, "pm_err_log_path": str,
    "pm_pid_path": str, "km_link": bool, "vizion_running": bool, "NODE_APP_INSTANCE": int,
    "unique_id": str, "status": str, "pm_uptime": int, "axm_actions": list, "axm_monitor": dict,
    "axm_options": dict, "axm_dynamic": dict, "created_at": int, "pm_id": int,
    "restart_time": int, "unstable_restarts": int, "version": str,
}  # fmt: skip
"""What PM2 7.0.4 tells of a program that was just started; what it runs in Node tells more."""

UNORDERED = {"kill_timeout", "max_memory_restart"}
"""What somebody has said stands wherever it was said."""

ARGUMENTS = ["--name", "app", "--max-memory-restart", "1G", "--kill-timeout", "3000", "--", "-x"]


def own_keys(entry):
    """The keys that are no variables of the environment."""
    variables = entry["pm2_env"]["env"].keys() - {"unique_id"}
    return {key: value for key, value in entry["pm2_env"].items() if key not in variables}


def check(entry):
    assert {key: type(value) for key, value in entry.items()} == TOP
    assert list(entry) == list(TOP)
    assert set(entry["monit"]) == {"memory", "cpu"}
    env = own_keys(entry)
    wrong = {key: env.get(key) for key, kind in ENV.items() if type(env.get(key)) is not kind}
    assert wrong == {}
    assert [key for key in env if key in ENV.keys() - UNORDERED] == [
        key for key in ENV if key not in UNORDERED
    ]
    assert (env["status"], env["max_memory_restart"], env["args"]) == ("online", 1024**3, ["-x"])


@pytest.fixture
def script(pmdaemon):
    return str(pmdaemon.script("app.sh", "while true; do sleep 1; done\n", mode=0o755))


def test_jlist_has_the_keys_of_pm2(pmdaemon, script, tmp_path):
    pmdaemon.run("start", script, *ARGUMENTS)

    [entry] = pmdaemon.run("jlist").json

    check(entry)
    assert entry["pm2_env"]["exec_interpreter"] == "bash"


@pytest.mark.skipif(REAL_PM2 is None, reason="there is no PM2 to compare with")
def test_pm2_itself_has_them(script, tmp_path):
    environment = {**os.environ, "PM2_HOME": str(tmp_path / "pm2"), "PM2_DISCRETE_MODE": "1"}

    def pm2(*words):
        command = [str(REAL_PM2), *words]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    try:
        pm2("start", script, *ARGUMENTS)
        [entry] = json.loads(pm2("jlist"))
    finally:
        pm2("kill")

    check(entry)

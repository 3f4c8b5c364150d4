import os

import pytest

from pmdaemon.config.app_fields import read_app
from pmdaemon.config.app_parts import (
    absolute,
    check_health_port,
    check_ports,
    environments,
    parts,
)
from pmdaemon.config.app_reading import Reading, read_fields
from pmdaemon.config.caller import CallerEnvironment
from pmdaemon.core.spec import (
    HealthCheck,
    Job,
    Limits,
    LogPolicy,
    Readiness,
    RestartPolicy,
    RunAs,
    Schedule,
    StopPolicy,
    WatchPolicy,
)


def reading_of(raw):
    reading = Reading()
    read_fields(reading, raw)
    assert reading.problems == []
    return reading


def inherited_from(variables, raw, cwd):
    return environments(reading_of(raw), CallerEnvironment(variables), cwd)


def made(raw, cwd="/srv"):
    reading = reading_of(raw)
    found = parts(reading, cwd)
    assert [error.message for _, error in reading.problems] == []
    return found


def refused(raw, cwd="/srv"):
    reading = reading_of(raw)
    parts(reading, cwd)
    check_ports(reading, reading.values.get("exec_mode", "fork"))
    check_health_port(reading)
    environments(reading, CallerEnvironment({}), cwd)
    return [f"{path}: {error.message}" for path, error in reading.problems]


@pytest.mark.parametrize(
    ("raw", "name", "value"),
    [
        ({}, "restart", RestartPolicy()),
        (
            {"max_restarts": 3, "exp_backoff_restart_delay": 100},
            "restart",
            RestartPolicy(max_restarts=3, backoff=0.1),
        ),
        (
            {"shutdown_with_message": True, "treekill": False},
            "stop",
            StopPolicy(message=True, tree=False),
        ),
        ({"wait_ready": True, "listen_timeout": "9s"}, "ready", Readiness(told=True, timeout=9.0)),
        (
            {"nice": 5, "umask": "077", "limits": {"nofile": 9}},
            "limits",
            Limits(5, 0o77, {"nofile": 9}),
        ),
        (
            {"out": "a.log", "err": "NULL", "log": "/all"},
            "logs",
            LogPolicy(out_file="/srv/a.log", error_file="/dev/null", combined_file="/all"),
        ),
        ({"out": False}, "logs", LogPolicy()),
        ({"time": True}, "logs", LogPolicy(date_format="YYYY-MM-DDTHH:mm:ss")),
        ({"time": True, "log_date_format": "HH"}, "logs", LogPolicy(date_format="HH")),
        (
            {"log_type": "json", "disable_logs": True, "combine_logs": 1},
            "logs",
            LogPolicy(json=True, disabled=True, merge=True),
        ),
        (
            {"health_check_url": "http://a/", "health_check_timeout": 2},
            "health",
            HealthCheck("http", "http://a/", timeout=2.0),
        ),
        ({"health_check": "tcp:1"}, "health", HealthCheck("tcp", "1")),
        ({"watch": True}, "watch", WatchPolicy(("/",))),
        (
            {"watch": ["usr", "/etc"], "ignore_watch": "*.log", "watch_delay": 500},
            "watch",
            WatchPolicy(("/usr", "/etc"), ("*.log",), 0.5),
        ),
        ({"watch": False}, "watch", None),
        ({"uid": 0, "gid": 0}, "run_as", None),
        ({"cron": "@daily", "timezone": "UTC"}, "cron_restart", Schedule("0 0 * * *", "UTC")),
        ({"job": "@daily", "timezone": "UTC"}, "job", Job(Schedule("0 0 * * *", "UTC"))),
        (
            {"job": {"cron": "@daily", "timezone": "Europe/Berlin"}, "timezone": "UTC"},
            "job",
            Job(Schedule("0 0 * * *", "Europe/Berlin")),
        ),
        ({"exec_mode": "cluster_mode"}, "exec_mode", "cluster"),
        ({"exec_mode": "cluster", "execute_command": True}, "exec_mode", "fork"),
        ({"pid": "~/x.pid"}, "pid_file", absolute("~/x.pid", "/")),
        ({"autostart": "no"}, "autostart", False),
    ],
)
def test_the_fields_of_an_app_come_together(raw, name, value):
    found = made(raw, cwd="/" if "watch" in raw else "/srv")[name]

    assert found == value or (name == "run_as" and found != RunAs())


@pytest.mark.parametrize(
    ("raw", "field"), [({"uid": 0}, "uid"), ({"uid": 0, "gid": 0}, "uid"), ({"gid": 0}, "gid")]
)
def test_only_root_has_programs_run_as_somebody_else(monkeypatch, raw, field):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 1000)

    assert refused(raw) == [f"{field}: only root can run a program as somebody else"]


def test_what_was_not_said_is_left_to_its_default():
    assert {name for name in made({}) if name not in {"health", "watch", "run_as", "logs"}} == {
        "restart", "stop", "ready", "limits",
    }  # fmt: skip
    assert made({"cron_restart": 0, "max_memory_restart": 0}).keys() == made({}).keys()


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"watch": "nope"}, "watch: no such file or folder: /srv/nope"),
        (
            {"health_check": "tcp:1", "health_check_retries": 2},
            "health_check_retries: it is a part of health_check, which is there, too",
        ),
        (
            {"health_check_retries": 2},
            "health_check_retries: nothing to check: url, port or command is missing",
        ),
        (
            {"instances": 2, "port": 3000},
            "port: 2 instances need a range of as many TCP ports (as 3000-3001)",
        ),
        (
            {"health_check": "http://localhost:{PORT}/"},
            "health_check: {port} stands for the TCP port of the app, and it has none",
        ),
        (
            {"health_check_url": "http://localhost:{port}/"},
            "health_check_url: {port} stands for the TCP port of the app, and it has none",
        ),
        ({"env_file": ".env"}, "env_file: no such file: /srv/.env"),
    ],
)
def test_what_does_not_fit_together_is_a_problem(raw, problem):
    assert refused(raw) == [problem]


def test_a_cluster_shares_one_tcp_port():
    assert refused({"instances": 2, "port": 3000, "exec_mode": "cluster"}) == []
    assert refused({"instances": 3, "port": "3000-3001", "exec_mode": "cluster"}) != []


def test_files_of_variables_come_before_what_is_declared(tmp_path):
    (tmp_path / "a.env").write_text("A=file\nB=file\nC=file")
    (tmp_path / "b.env").write_text("B=second")
    raw = {"env_file": ["a.env", "b.env"], "env": {"C": "declared"}}

    declared, inherited = inherited_from({"A": "inherited"}, raw, str(tmp_path))

    assert declared == {"A": "file", "B": "second", "C": "declared"}
    assert inherited == {"A": "inherited"}


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ("SECRET", {"PATH", "AWS_KEY"}),
        (["SECRET", "KEY"], {"PATH"}),
        (True, set()),
        (False, {"PATH", "AWS_KEY", "MY_SECRET"}),
    ],
)
def test_what_is_inherited_may_be_filtered(wanted, left):
    environment = {"PATH": "/bin", "AWS_KEY": "1", "MY_SECRET": "2", "PMDAEMON_TOKEN": "3"}

    _, inherited = inherited_from(environment, {"filter_env": wanted}, "/")

    assert inherited.keys() == left


def test_what_was_inherited_once_is_taken_as_it_is():
    raw = {"inherited_env": {"A": "1"}, "filter_env": True}

    assert inherited_from({"B": "2"}, raw, "/") == ({}, {"A": "1"})


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        ({"script": "node app.js", "instances": 2}, "cluster"),
        ({"script": "node app.js", "instances": 2, "port": 3000}, "cluster"),
        ({"script": "node app.js", "instances": 2, "port": "3000-3001"}, "fork"),
        ({"script": "node app.js"}, "fork"),
        ({"script": "node app.js", "instances": 2, "exec_mode": "fork"}, "fork"),
        ({"script": "sleep 100", "instances": 2}, "fork"),
        ({"script": "sleep 100", "exec_mode": "cluster", "instances": 2, "port": 3000}, "cluster"),
    ],
)
def test_instances_of_node_share_their_sockets_unless_something_else_is_said(
    tmp_path, fields, mode
):
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}

    spec = read_app(fields, base="/", environment=environment).spec

    assert spec.exec_mode == mode

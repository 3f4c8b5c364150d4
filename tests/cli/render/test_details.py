import re

import pytest
from msgspec.structs import replace

from pmdaemon.cli.render.details import MASK, details, exit_sentence, masked
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.core.spec import (
    Dependency,
    HealthCheck,
    Job,
    LogPolicy,
    Schedule,
    WatchPolicy,
)
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.views import DECLARED, a_view


def shown(*, telemetry=None, **changes):
    terminal = Terminal(columns=80, colour=False, unicode=True, interactive=True)
    text = details({**a_view("app", detail=True, **changes), "telemetry": telemetry}, terminal)
    return dict(re.findall(r"^  (.+?)  +(.+)$", text, re.MULTILINE))


def test_everything_that_matters_is_there():
    spec = replace(
        DECLARED,
        command=replace(DECLARED.command, args=("-v", "two words")),
        tcp_ports=TcpPorts(3000, 3000),
        max_memory=157286400,
    )

    rows = shown(tcp_port=3000, restarts=2, spec=spec)

    assert rows["status"] == "online"
    assert rows["pid"] == "1234"
    assert rows["port"] == "3000"
    assert rows["uptime"] == "2m 10s"
    assert rows["restarts"] == "2"
    assert rows["args"] == "-v 'two words'"
    assert rows["command"] == "/usr/bin/node /srv/app.js"
    assert rows["cwd"] == "/srv"
    assert rows["stop"] == "SIGINT, after 1.6 s SIGKILL"
    assert rows["max memory"] == "150.0 MB"
    assert rows["out"] == "/logs/app-0.out"
    assert rows["err"] == "/logs/app-0.err"
    assert rows["inherited"] == "2 variables: pmdaemon env 0"


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({}, "10.0 MB each, and 10 older ones, compressed; kept for 30d"),
        ({"compress": False}, "10.0 MB each, and 10 older ones; kept for 30d"),
        ({"max_age": 0.0}, "10.0 MB each, and 10 older ones, compressed"),
        ({"max_size": 0, "keep": 1, "max_age": 0.0}, "of any size, and 1 older ones"),
    ],
)
def test_the_bounds_on_output_files_are_worded(declared, sentence):
    spec = replace(DECLARED, logs=LogPolicy(**declared))

    assert shown(spec=spec)["log files"] == sentence


def test_what_there_is_not_has_no_row():
    rows = shown(pid=None, state="stopped", started=None, uptime=0.0)

    assert not {"pid", "port", "uptime", "cpu", "memory", "started", "last exit"} & rows.keys()


def test_a_failure_has_its_reason_and_its_last_exit():
    rows = shown(
        state="errored",
        pid=None,
        reason="ended 16 times too early",
        last_exit={"code": 3, "signal": None},
        last_cause="ended by itself",
    )

    assert rows["reason"] == "ended 16 times too early"
    assert rows["last exit"] == "exit code 3, ended by itself"


@pytest.mark.parametrize(
    ("ended", "sentence"),
    [
        ({"code": 0, "signal": None}, "exit code 0"),
        ({"code": None, "signal": 9}, "SIGKILL"),
        ({"code": None, "signal": 200}, "signal 200"),
        ({"code": None, "signal": None}, "exit status unknown"),
        (None, None),
    ],
)
def test_an_exit_is_a_code_or_a_signal(ended, sentence):
    assert exit_sentence(a_view(last_exit=ended)) == sentence


@pytest.mark.parametrize(
    "name",
    ["API_KEY", "apikey", "GITHUB_TOKEN", "DB_PASSWORD", "PGPASSWD", "CLIENT_SECRET", "SENTRY_DSN",
     "AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "SESSION_SALT", "SSH_PRIVATE", "AUTH"],
)  # fmt: skip
def test_what_looks_secret_is_masked(name):
    assert masked(name, "hunter2") == MASK


@pytest.mark.parametrize("name", ["PORT", "NODE_ENV", "KEYBOARD", "MONKEY", "PATH", "URL"])
def test_what_does_not_is_shown(name):
    assert masked(name, "value") == "value"


def test_a_password_in_a_url_is_masked_whatever_the_name():
    assert masked("UPSTREAM", "http://me:hunter2@host/x") == f"http://me:{MASK}@host/x"


def test_values_cannot_move_the_cursor():
    rows = shown(spec=replace(DECLARED, env={"MODE": "a\x1b[2Jb\nc"}))

    assert rows["MODE"] == "a\\x1b[2Jb\\nc"


def test_instances_are_counted_when_there_are_several():
    assert "instance" not in shown()
    assert shown(spec=replace(DECLARED, instances=4), instance=2)["instance"] == "2 of 4"


def test_copies_of_the_output_are_named():
    logs = LogPolicy(out_file="/srv/own.log", combined_file="/srv/all.log", json=True)
    rows = shown(spec=replace(DECLARED, logs=logs))

    assert rows["copy of out"] == "/srv/own.log, /srv/all.log"
    assert rows["copy of err"] == "/logs/app-0.err.log, /srv/all.log"


def test_that_nothing_is_kept_is_said():
    assert shown(spec=replace(DECLARED, logs=LogPolicy(disabled=True)))["kept"] == "nothing"


def test_last_words_are_shown_line_by_line_and_what_triggers_it_is_said():
    lines = details(
        a_view(detail=True, state="errored", last_words=["one", "two\x1b"]),
        Terminal(columns=80, colour=False, unicode=True, interactive=True),
    ).splitlines()

    first = next(number for number, line in enumerate(lines) if "last words" in line)
    assert lines[first].endswith("  one")
    assert lines[first + 1].strip() == "two\\x1b"


def test_what_triggers_an_app_is_said():
    spec = replace(
        DECLARED,
        autostart=False,
        depends_on=(Dependency("db"),),
        health=HealthCheck("tcp", "3000"),
        job=Job(Schedule("0 3 * * *", "Europe/Berlin"), timeout=60.0),
        watch=WatchPolicy(("/srv",)),
        pid_file="/run/web.pid",
    )
    health = {"status": "healthy", "failures": 0, "detail": "connected"}

    rows = shown(spec=spec, wish="blocked", health=health)

    assert rows["health"] == "healthy: connected"
    assert rows["blocked"] == "yes, until pmdaemon unblock"
    assert rows["depends on"] == "db (ready)"
    assert (rows["job"], rows["time limit"]) == ("0 3 * * * (Europe/Berlin)", "60s")
    assert (rows["watched"], rows["autostart"]) == ("/srv", "no")


def test_what_a_program_reports_of_its_memory_is_shown():
    memory = {"rss": 52_428_800, "heapUsed": 1024, "external": 0}

    assert shown(telemetry={"memory": memory})["it reports"] == "rss 50.0 MB, heapUsed 1.0 KB"
    assert "it reports" not in shown(telemetry={"sender": "app"})
    assert "it reports" not in shown(telemetry=None)


def test_what_the_agent_of_a_program_says_is_shown():
    terminal = Terminal(columns=80, colour=False, unicode=True, interactive=True)
    agent = {
        "monitor": {"Jobs": {"value": 3, "unit": "u"}},
        "actions": [{"action_name": "dump"}, {"action_name": "hello"}],
        "options": {},
    }

    text = details({**a_view("app", detail=True), "agent": agent}, terminal)

    assert "Metrics\n  Jobs  3 u\nActions\n  pmdaemon trigger app  dump\n" in text
    assert "hello\nEnvironment\n" in text
    assert "Metrics" not in details(a_view("app", detail=True), terminal)

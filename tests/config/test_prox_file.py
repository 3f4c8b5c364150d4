import pytest

from pmdaemon.config.app_fields import read_apps
from pmdaemon.config.ecosystem import load
from pmdaemon.config.prox_file import duration
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.spec import Dependency, HealthCheck, Published

BOTH_FORMS = """
env_file: .env
processes:
  web: npm run dev
  api:
    cmd: go run ./cmd/server
    env_file: .env.api
    env:
      PORT: 8080
      GREETING: ${HOME}
    healthcheck:
      cmd: curl -f localhost:8080/health
      interval: 1m30s
      timeout: 2s
      retries: 5
      start_period: 500ms
    stop_timeout: 3s
    depends_on: [migrate]
tasks:
  migrate:
    cmd: make migrate
"""


def loaded(tmp_path, text):
    path = tmp_path / "prox.yaml"
    path.write_text(text)
    return load(str(path), {})


def problems(tmp_path, text):
    with pytest.raises(InvalidConfiguration) as refused:
        loaded(tmp_path, text)
    return refused.value.problems


def specs(tmp_path, text):
    file = loaded(tmp_path, text)
    for name, value in ((".env", "FROM=global\nMODE=dev"), (".env.api", "FROM=api")):
        (tmp_path / name).write_text(value)
    read = read_apps(
        file.apps,
        source="prox.yaml",
        base=str(tmp_path),
        environment={"PATH": "/usr/bin:/bin", "HOME": "/home/me"},
        interpolate=not file.evaluated,
        file=str(tmp_path / "prox.yaml"),
    )
    return {one.spec.name: one.spec for one in read}


def test_processes_come_in_both_forms(tmp_path):
    apps = specs(tmp_path, BOTH_FORMS.replace("npm run dev", "sleep 5").replace("go run", "env"))

    assert list(apps) == ["migrate", "web", "api"]
    assert apps["web"].command.script == "sleep 5"
    assert apps["web"].source == str(tmp_path / "prox.yaml")


def test_variables_come_from_both_files_and_from_env(tmp_path):
    api = specs(tmp_path, BOTH_FORMS.replace("npm run dev", "sleep 5").replace("go run", "env"))[
        "api"
    ]

    assert api.env == {"FROM": "api", "MODE": "dev", "PORT": "8080", "GREETING": "${HOME}"}


def test_a_health_check_keeps_its_timings_and_restarts_nothing(tmp_path):
    api = specs(tmp_path, BOTH_FORMS.replace("npm run dev", "sleep 5").replace("go run", "env"))[
        "api"
    ]

    assert api.health == HealthCheck(
        "command", "curl -f localhost:8080/health", 90.0, 2.0, 5, 0.5, restart=False
    )


def test_a_health_check_has_the_timings_of_prox_where_none_are_said(tmp_path):
    text = "processes: {web: {cmd: sleep 5, healthcheck: {cmd: 'true'}}}"

    assert specs(tmp_path, text)["web"].health == HealthCheck(
        "command", "true", 10.0, 5.0, 3, 30.0, restart=False
    )


def test_programs_end_as_with_prox(tmp_path):
    apps = specs(tmp_path, BOTH_FORMS.replace("npm run dev", "sleep 5").replace("go run", "env"))

    assert (apps["web"].stop.signal, apps["web"].stop.grace) == ("SIGTERM", 10.0)
    assert apps["api"].stop.grace == 3.0
    assert not apps["web"].restart.autorestart


def test_a_task_comes_first(tmp_path):
    api = specs(tmp_path, BOTH_FORMS.replace("npm run dev", "sleep 5").replace("go run", "env"))[
        "api"
    ]

    assert api.depends_on == (Dependency("migrate", "completed"),)


def test_a_task_has_a_minute_unless_something_else_is_said(tmp_path):
    text = """
processes: {web: sleep 5}
tasks: {a: "true", b: {cmd: "true", timeout: 5m, depends_on: [a]}, c: {cmd: "true", timeout: 0}}
"""
    apps = specs(tmp_path, text)

    assert [apps[name].max_runtime for name in "abc"] == [60.0, 300.0, 0.0]
    assert apps["b"].depends_on == (Dependency("a", "completed"),)
    assert apps["web"].max_runtime == 0.0


def test_a_task_may_take_weeks(tmp_path):
    text = "processes: {a: 'true'}\ntasks: {b: {cmd: 'true', timeout: 500h}}"

    assert specs(tmp_path, text)["b"].max_runtime == 500 * 3600


def test_a_service_that_is_a_process_is_published_with_it(tmp_path):
    text = """
processes: {web: sleep 5, api: sleep 6}
proxy: {http_port: 6788, domain: local.dev}
services: {web: 3000, search: 9200}
"""

    apps, file = specs(tmp_path, text), loaded(tmp_path, text)

    assert apps["web"].proxy == Published(("web.local.dev",), tcp_port=3000)
    assert apps["api"].proxy is None
    assert [one.name for one in file.gateway.addresses] == ["search"]


def test_what_is_not_acted_on_is_told(tmp_path):
    text = """
processes: {web: {cmd: sleep 5, helthcheck: {}, depends_on: [db]}}
dependencies: {db: {check: {tcp: "localhost:5432"}}}
hubs: {}
certs: {dir: certs}
service: {}
"""

    warnings = loaded(tmp_path, text).warnings

    assert "hubs: not acted on by this release" in warnings
    assert "certs: certificates are made, or given by pmdaemon proxy certs" in warnings
    assert any(one.startswith("service: ") and "services" in one for one in warnings)
    assert any(one.startswith("processes.web.helthcheck: ") for one in warnings)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("processes: {web: 7}", "processes.web: not a table: 7"),
        ("processes: {web: {}}", "processes.web.cmd: a command is missing"),
        ("processes: {web: ''}", "processes.web.cmd: a command is missing"),
        (
            "processes: {web: {cmd: a, stop_timeout: soon}}",
            "processes.web.stop_timeout: not a duration: soon (examples: 500ms, 10s, 1m30s)",
        ),
        (
            "processes: {web: {cmd: a, healthcheck: {interval: 5s}}}",
            "processes.web.healthcheck.cmd: a command is missing",
        ),
        (
            "processes: {web: {cmd: a, depends_on: [nothing]}}",
            "processes.web.depends_on: there is no task and no dependency nothing",
        ),
        ("processes: {web: a}\ntasks: {web: b}", "there are two called web"),
        (
            "processes: {web: a}\ntasks: {b: {cmd: b, timeout: 5}}",
            "tasks.b.timeout: not a duration: 5 (examples: 500ms, 10s, 1m30s)",
        ),
        ("processes: {web: a}\ntasks: [b]", 'tasks: not a table: ["b"]'),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path, text, problem):
    assert problem in problems(tmp_path, text)


def test_all_faults_are_told_at_once(tmp_path):
    assert len(problems(tmp_path, "processes: {web: 7, api: {}}")) > 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("10s", 10.0), ("1m30s", 90.0), ("1.5h", 5400.0), ("250ms", 0.25)]
)
def test_durations_are_those_of_go(text, seconds):
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["", "10", "s", "1m 30s", "1d", 10, None, True])
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(InvalidInput, match="not a duration"):
        duration(value)

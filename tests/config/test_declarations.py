import msgspec
import pytest
from msgspec.structs import replace

from pmdaemon.config.command import resolve
from pmdaemon.config.declarations import specs_of
from pmdaemon.core.errors import InvalidConfiguration
from pmdaemon.core.routing import Listener
from pmdaemon.core.spec import (
    Dependency,
    HealthCheck,
    Hook,
    Job,
    Limits,
    LogPolicy,
    Published,
    Readiness,
    RestartPolicy,
    RunAs,
    Schedule,
    StopPolicy,
    WatchPolicy,
)
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.views import DECLARED

EVERYTHING = replace(
    DECLARED,
    namespace="shop",
    instances=3,
    exec_mode="cluster",
    tcp_ports=TcpPorts(3000, 3003, auto=True),
    env={"A": "1"},
    instance_var="N",
    increment_var="M",
    autostart=False,
    pid_file="/run/a-{id}.pid",
    stdin=True,
    max_memory=100,
    restart=RestartPolicy(False, 3, 0.5, 1.5, frozenset({0, 3}), 0.1),
    stop=StopPolicy("SIGTERM", 9.0, True, False),
    ready=Readiness(True, 9.0),
    health=HealthCheck("tcp", "3000"),
    max_runtime=60.0,
    cron_restart=Schedule("0 3 * * *", "Europe/Berlin"),
    cron_stop=Schedule("0 4 * * *"),
    job=Job(Schedule("* * * * *"), "queue", 3.0, 7),
    watch=WatchPolicy(("/srv",), ("x",), 1.0),
    depends_on=(Dependency("db", "completed"),),
    run_as=RunAs(1, 2, (3,), "u", "/home/u"),
    limits=Limits(5, 18, {"nofile": 100}),
    logs=LogPolicy(1, 2, 3.0, False, "/o", "/e", "/c", True, "HH", True, True),
    hooks=(Hook(("all",), url="http://127.0.0.1/", secret="s"),),
    proxy=Published(("a.test/b",), True, 80, "ip-hash", Listener("::", 7000)),
    source="/srv/eco.toml",
)


@pytest.fixture
def declared(tmp_path):
    """The same, of a program that is there."""
    script = tmp_path / "app.sh"
    script.write_text("")
    found = resolve("app.sh", ("-x",), cwd=str(tmp_path), search_path="/usr/bin")
    return replace(EVERYTHING, cwd=str(tmp_path), command=found)


def as_saved(spec):
    return msgspec.json.decode(msgspec.json.encode(spec))


def test_every_attribute_comes_back_as_it_was(declared):
    unsaid = [
        name
        for name in EVERYTHING.__struct_fields__
        if getattr(EVERYTHING, name) == getattr(DECLARED, name)
    ]

    assert unsaid == ["name", "command", "cwd", "inherited_env"]
    assert specs_of([as_saved(declared)], source="the list", environment={}) == [declared]


def test_what_is_executed_is_worked_out_anew(declared):
    elsewhere = as_saved(declared)
    elsewhere["command"]["argv"] = ["/another/machine/bash", "app.sh"]

    assert specs_of([elsewhere], source="the list", environment={}) == [declared]


def test_a_program_that_is_gone_is_refused(declared, tmp_path):
    (tmp_path / "app.sh").unlink()

    with pytest.raises(InvalidConfiguration, match=r"app\.sh"):
        specs_of([as_saved(declared)], source="the list", environment={})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"instances": "x"}, "not a declaration: instances must be a whole number, not text"),
        ({"instances": 0}, "not a declaration: it has no instances"),
        ({"cwd": "srv"}, "not a declaration: its folder needs an absolute path"),
        ({"name": ""}, None),
    ],
)
def test_what_is_no_declaration_is_refused(changes, problem):
    with pytest.raises(InvalidConfiguration) as refused:
        specs_of([as_saved(DECLARED) | changes], source="the list", environment={})

    if problem is not None:
        assert refused.value.problems == (f"apps[0]: {problem}",)


def test_two_apps_of_one_name_are_refused(declared):
    with pytest.raises(InvalidConfiguration):
        specs_of([as_saved(declared)] * 2, source="the list", environment={})

import msgspec
import pytest
from msgspec.structs import replace

from pmdaemon.config.declarations import specs_of
from pmdaemon.core.errors import InvalidConfiguration
from pmdaemon.core.spec import (
    Dependency,
    HealthCheck,
    Hook,
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
    max_memory=100,
    restart=RestartPolicy(False, 3, 0.5, 1.5, frozenset({0, 3}), 0.1),
    stop=StopPolicy("SIGTERM", 9.0, True, False),
    ready=Readiness(True, 9.0),
    health=HealthCheck("tcp", "3000"),
    cron_restart=Schedule("0 3 * * *", "Europe/Berlin"),
    job=Job(Schedule("* * * * *"), "queue", 3.0, 7),
    watch=WatchPolicy(("/srv",), ("x",), 1.0),
    depends_on=(Dependency("db", "completed"),),
    run_as=RunAs(1, 2, (3,), "u", "/home/u"),
    limits=Limits(5, 18, {"nofile": 100}),
    logs=LogPolicy(1, 2, 3.0, False, "/o", "/e", "/c", True, "HH", True, True),
    hooks=(Hook(("all",), url="http://127.0.0.1/", secret="s"),),
    source="/srv/eco.toml",
)


def as_saved(spec):
    return msgspec.json.decode(msgspec.json.encode(spec))


def test_every_attribute_comes_back_as_it_was():
    unsaid = [
        name
        for name in EVERYTHING.__struct_fields__
        if getattr(EVERYTHING, name) == getattr(DECLARED, name)
    ]

    assert unsaid == ["name", "command", "cwd", "inherited_env"]
    assert specs_of([as_saved(EVERYTHING)], source="the list") == [EVERYTHING]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"instances": "x"}, "no declaration: expected `int`, got `str` - at `$.instances`"),
        ({"instances": 0}, "no declaration: it has no instances"),
        ({"cwd": "srv"}, "no declaration: its program and its folder want absolute paths"),
        ({"name": ""}, None),
    ],
)
def test_what_is_no_declaration_is_refused(changes, problem):
    with pytest.raises(InvalidConfiguration) as refused:
        specs_of([as_saved(DECLARED) | changes], source="the list")

    if problem is not None:
        assert refused.value.problems == (f"apps[0]: {problem}",)


def test_two_apps_of_one_name_are_refused():
    with pytest.raises(InvalidConfiguration):
        specs_of([as_saved(DECLARED)] * 2, source="the list")

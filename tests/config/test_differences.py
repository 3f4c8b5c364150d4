from collections.abc import Mapping
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest
from msgspec import Struct
from msgspec.structs import replace

from pmdaemon.config.differences import Change, in_words
from pmdaemon.config.field_table import FIELDS_BY_NAME
from pmdaemon.core.differences import NOT_COMPARED, differing_paths
from pmdaemon.core.spec import (
    AppSpec,
    Command,
    Dependency,
    HealthCheck,
    Hook,
    Job,
    Limits,
    LogPolicy,
    Published,
    RestartPolicy,
    RunAs,
    Schedule,
    WatchPolicy,
)
from pmdaemon.core.tcp_ports import parse
from tests.support.builders import an_app


def told(before, after):
    return in_words(before, after, differing_paths(before, after))


def change(**changes):
    return told(an_app(), an_app(**changes))


@pytest.mark.parametrize(
    ("changes", "field", "before", "after"),
    [
        ({"instances": 3}, "instances", "1", "3"),
        ({"cwd": "/new"}, "cwd", "/srv", "/new"),
        ({"max_memory": 300 * 1024**2}, "max_memory_restart", None, "300M"),
        ({"tcp_ports": parse("3000-3001")}, "port", None, "3000-3001"),
        ({"restart": RestartPolicy(min_uptime=60.0)}, "min_uptime", "1s", "1m"),
        (
            {"restart": RestartPolicy(stop_exit_codes=frozenset({2, 0}))},
            "stop_exit_codes",
            None,
            "0, 2",
        ),
        ({"autostart": False}, "autostart", "true", "false"),
        ({"logs": LogPolicy(json=True)}, "log_type", "raw", "json"),
        ({"logs": LogPolicy(out_file="/a")}, "out_file", None, "/a"),
        ({"limits": Limits(umask=0o22)}, "umask", None, "0022"),
        ({"limits": Limits(resources={"nofile": 9})}, "limits", None, "nofile 9"),
        (
            {"run_as": RunAs(7, 8, (), "ann", "/home/ann")},
            "uid",
            "its own, group None",
            "ann, group 8",
        ),
        ({"cron_restart": Schedule("0 3 * * *", "UTC")}, "cron_restart", None, "0 3 * * * UTC"),
        (
            {"job": Job(Schedule("0 3 * * *"), timeout=60.0)},
            "job",
            None,
            "0 3 * * *, skip, 1m at most, 50 kept",
        ),
        (
            {"watch": WatchPolicy(("/a", "/b"), ("*.log",), 0.5)},
            "watch",
            None,
            "/a, /b but *.log, after 0.5s",
        ),
        ({"depends_on": (Dependency("db"),)}, "depends_on", None, "db ready"),
        ({"proxy": Published(("a.test",))}, "proxy", None, "a.test, round-robin"),
        ({"hooks": (Hook(("crash",), ("./a.sh", "s3cret")),)}, "hooks", None, "crash to ./a.sh"),
        (
            {"health": HealthCheck("tcp", "1")},
            "health_check",
            None,
            "1 every 30s within 5s, 3 retries, from 0s on, restart",
        ),
        ({"exec_mode": "cluster"}, "exec_mode", "fork", "cluster"),
    ],
)
def test_a_difference_is_told_as_files_have_it(changes, field, before, after):
    assert change(**changes) == [Change(field, before, after)]


def test_variables_are_told_one_by_one_and_secrets_not_at_all():
    before = an_app(env={"A": "1", "B": "1", "GONE": "1", "TOKEN": "s3cret"})
    after = an_app(env={"A": "1", "B": "2", "NEW": "1", "TOKEN": "0ther"})

    assert told(before, after) == [
        Change("env.B", "1", "2"),
        Change("env.GONE", "1", None),
        Change("env.TOKEN", "********", "********"),
        Change("env.NEW", None, "1"),
    ]


def test_a_password_within_a_url_is_not_told():
    command = Command(
        "x", ("postgres://ann:s3cret@db/",), None, ("/x", "postgres://ann:s3cret@db/")
    )

    assert "s3cret" not in str(change(command=command))


def test_what_follows_from_something_else_is_not_told_again():
    command = an_app().command
    other = replace(command, args=("-v",), argv=(*command.argv, "-v"))

    assert [one.field for one in change(command=other)] == ["args"]
    moved = replace(command, argv=("/opt/node", "/new/server.js"))
    assert [one.field for one in change(command=moved, cwd="/new")] == ["cwd"]
    assert change(command=replace(command, argv=("/opt/node", "/srv/server.js"))) == [
        Change("script", "/usr/bin/node /srv/server.js", "/opt/node /srv/server.js")
    ]


def test_parts_that_are_one_field_are_told_once():
    one, other = HealthCheck("tcp", "1"), HealthCheck("tcp", "2", retries=5)

    assert [each.field for each in told(an_app(health=one), an_app(health=other))] == [
        "health_check"
    ]


def leaves(struct: type[Struct], before: str = "") -> list[tuple[str, Any]]:
    """List the path and the type of all that an app may say."""
    found: list[tuple[str, Any]] = []
    for name, kind in get_type_hints(struct).items():
        if isinstance(kind, type) and issubclass(kind, Struct):
            found += leaves(kind, f"{before}{name}.")
        else:
            found.append((before + name, kind))
    return found


@pytest.mark.parametrize(
    "path", [path for path, _ in leaves(AppSpec) if path not in {*NOT_COMPARED, "name", "source"}]
)
def test_every_part_of_a_declaration_has_a_word(path):
    other = _with(an_app(), path.split("."))

    fields = [one.field.partition(".")[0] for one in told(an_app(), other)]

    assert len(fields) == 1
    assert fields[0] in FIELDS_BY_NAME


OTHERS = {
    "env": {"A": "1"},
    "health": HealthCheck("tcp", "1"),
    "job": Job(Schedule("@daily")),
    "cron_restart": Schedule("@daily"),
    "cron_stop": Schedule("@daily"),
    "watch": WatchPolicy(("/",)),
    "depends_on": (Dependency("a"),),
    "hooks": (Hook(("all",), ("a",)),),
    "proxy": Published(),
    "tcp_ports": parse("3000"),
    "exec_mode": "cluster",
    "stop_exit_codes": frozenset({1}),
}


def _with(struct, path):
    name, *rest = path
    value = getattr(struct, name)
    return replace(struct, **{name: _with(value, rest) if rest else _another(struct, name, value)})


def _another(struct, name, value):
    """Make a value of the same type that is not the same."""
    if name in OTHERS:
        return OTHERS[name]
    kind = get_type_hints(type(struct))[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, Mapping):
        return {**value, "nofile": 1}
    if isinstance(value, tuple):
        return (*value, "more")
    options = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if str in options:
        return f"{value}x"
    if float in options:
        return (value or 0.0) + 1.0
    return (value or 0) + 1 if int in options else (1,)

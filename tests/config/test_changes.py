import pytest
from msgspec.structs import replace

from pmdaemon.config.changes import CHANGEABLE, changed
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import Schedule, WatchPolicy
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.builders import an_app

APP = an_app(inherited_env={"A": "1"})


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"port": "4000-4003"}, lambda spec: (spec.tcp_ports, TcpPorts(4000, 4003))),
        ({"max_memory_restart": "150M"}, lambda spec: (spec.max_memory, 150 * 2**20)),
        ({"maxRestarts": 3}, lambda spec: (spec.restart.max_restarts, 3)),
        ({"kill_timeout": "5s"}, lambda spec: (spec.stop.grace, 5.0)),
        ({"drain_timeout": "1m"}, lambda spec: (spec.stop.drain, 60.0)),
        ({"listen_timeout": 800}, lambda spec: (spec.ready.timeout, 0.8)),
        ({"log_keep": 2}, lambda spec: (spec.logs.keep, 2)),
    ],
)
def test_one_field_is_changed_and_everything_else_stays(options, found):
    spec = changed(APP, options, None)

    is_so, should_be = found(spec)
    assert is_so == should_be
    assert (spec.name, spec.command, spec.inherited_env) == (APP.name, APP.command, {"A": "1"})


def test_a_value_that_is_the_usual_one_counts():
    spec = changed(changed(APP, {"max_restarts": 3}, None), {"max_restarts": 16}, None)

    assert spec == APP


def test_an_environment_takes_the_place_of_the_former():
    spec = changed(APP, {}, {"B": "2", "PMDAEMON_TOKEN": "t"})

    assert spec.inherited_env == {"B": "2"}


def test_variables_are_added_to_those_there_are():
    spec = changed(changed(APP, {"env": {"A": 1, "B": 2}}, None), {"env": {"B": 3}}, None)

    assert spec.env == {**APP.env, "A": "1", "B": "3"}


@pytest.mark.parametrize("options", [{"script": "other.js"}, {"name": "x"}, {"cwd": "/"}])
def test_what_an_app_is_cannot_be_changed_by_itself(options):
    [name] = options

    with pytest.raises(InvalidInput, match=f"this cannot be changed by itself: {name}"):
        changed(APP, options, None)


def test_a_value_that_cannot_be_used_is_refused():
    with pytest.raises(InvalidInput, match="max_restarts: "):
        changed(APP, {"max_restarts": "many"}, None)


def test_a_field_that_nobody_knows_is_refused_with_a_guess():
    with pytest.raises(InvalidInput, match="did you mean max_restarts"):
        changed(APP, {"max_restart": 3}, None)


def test_every_field_that_can_be_changed_is_there_in_a_declaration():
    for place in CHANGEABLE.values():
        part = APP
        for name in place.split("."):
            assert hasattr(part, name), place
            part = getattr(part, name)


@pytest.mark.parametrize(
    ("before", "options", "after"),
    [
        (None, {"watch": True}, WatchPolicy((APP.cwd,))),
        (None, {"watch": ["."], "watch_delay": "2s"}, WatchPolicy((APP.cwd,), delay=2.0)),
        (None, {"watch_delay": "2s"}, None),
        (WatchPolicy(("/",), ("*.log",)), {"watch": False}, None),
        (
            WatchPolicy(("/",), ("*.log",)),
            {"watch_delay": 5},
            WatchPolicy(("/",), ("*.log",), 0.005),
        ),
    ],
)
def test_what_is_watched_is_changed(before, options, after):
    app = replace(APP, watch=before, cwd="/")
    expected = after and replace(after, paths=("/",))

    assert changed(app, options, None) == replace(app, watch=expected)


def test_what_is_not_there_cannot_be_watched():
    with pytest.raises(InvalidInput, match="no such file or folder: /nowhere"):
        changed(APP, {"watch": ["/nowhere"]}, None)


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        (None, "0 3 * * *", Schedule("0 3 * * *")),
        (
            Schedule("* * * * *", "Europe/Berlin"),
            "0 3 * * *",
            Schedule("0 3 * * *", "Europe/Berlin"),
        ),
        (Schedule("* * * * *"), "0", None),
    ],
)
def test_when_it_is_started_anew_is_changed(before, said, after):
    app = replace(APP, cron_restart=before)

    assert changed(app, {"cron_restart": said}, None) == replace(app, cron_restart=after)

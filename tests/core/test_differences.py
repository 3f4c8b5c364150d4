import pytest
from msgspec.structs import replace

from pmdaemon.core.differences import differing_paths, steps_between
from pmdaemon.core.spec import Dependency, HealthCheck, Hook, RestartPolicy, StopPolicy
from pmdaemon.core.tcp_ports import parse
from tests.support.builders import an_app

FILE = "/srv/eco.toml"


def steps(present, *wanted, whole=True, prune=False):
    there = {spec.name: spec for spec in present}
    return [
        (step.name, step.action, step.paths)
        for step in steps_between(there, wanted, whole=whole, prune=prune)
    ]


def changed(**changes):
    return replace(an_app(), **changes)


def test_two_that_are_the_same_have_no_differences():
    assert differing_paths(an_app(), an_app()) == []
    assert steps([an_app()], an_app()) == [("web", "keep", ())]


def test_differences_are_found_where_they_are():
    other = changed(
        restart=RestartPolicy(max_restarts=3, min_uptime=2.0),
        health=HealthCheck("tcp", "1"),
        command=replace(an_app().command, args=("x",)),
    )

    assert differing_paths(an_app(), other) == [
        "command.args", "restart.max_restarts", "restart.min_uptime", "health",
    ]  # fmt: skip


def test_the_shell_of_whoever_applies_is_no_difference():
    assert differing_paths(an_app(), changed(inherited_env={"A": "1"})) == []


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"env": {"A": "1"}}, "restart"),
        ({"cwd": "/tmp"}, "restart"),
        ({"namespace": "shop"}, "restart"),
        ({"tcp_ports": parse("3000")}, "restart"),
        ({"exec_mode": "cluster"}, "restart"),
        ({"instances": 3}, "scale"),
        ({"instances": 3, "max_memory": 5}, "scale"),
        ({"instances": 3, "env": {"A": "1"}}, "restart"),
        ({"restart": RestartPolicy(max_restarts=3)}, "update"),
        ({"stop": StopPolicy("SIGTERM")}, "update"),
        ({"max_memory": 5}, "update"),
        ({"autostart": False}, "update"),
        ({"hooks": (Hook(("all",), ("a",)),)}, "update"),
        ({"depends_on": (Dependency("db"),)}, "update"),
        ({"source": FILE}, "keep"),
    ],
)
def test_no_more_is_done_than_a_difference_takes(changes, action):
    [(_, found, paths)] = steps([an_app()], changed(**changes))

    assert found == action
    assert paths


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        ("3000-3001", "3000-3003", "scale"),
        ("3000-3001", "3002-3005", "restart"),
        ("auto:3000-3001", "auto:3000-3003", "restart"),
        ("3000-3001", None, "restart"),
        ("3000", "3000-3003", "restart"),
        ("3000-3003", "3000", "restart"),
    ],
)
def test_instances_whose_ports_stay_need_not_start_anew(before, after, action):
    old = changed(instances=2, tcp_ports=parse(before))
    new = changed(instances=4, tcp_ports=parse(after) if after else None)

    assert steps([old], new)[0][1] == action


def test_a_cluster_whose_ports_change_cannot_be_reloaded_on_the_old_ones():
    old = changed(exec_mode="cluster", tcp_ports=parse("3000"))
    new = replace(old, tcp_ports=parse("3001"))

    assert steps([old], new) == [("web", "restart", ("tcp_ports.first", "tcp_ports.last"))]


def test_what_is_not_started_anew_keeps_its_environment():
    old = changed(inherited_env={"A": "old"})

    for changes, inherited in (
        ({"instances": 3}, "old"),
        ({"max_memory": 5}, "old"),
        ({"cwd": "/tmp"}, "new"),
    ):
        new = changed(inherited_env={"A": "new"}, **changes)
        [step] = steps_between({"web": old}, [new], whole=True, prune=False)
        assert step.after.inherited_env == {"A": inherited}


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"env": {"A": "1"}}, "reload"),
        ({"env": {"A": "1"}, "instances": 3}, "restart"),
        ({"tcp_ports": parse("3000")}, "restart"),
        ({"exec_mode": "fork"}, "restart"),
        ({"instances": 3}, "scale"),
    ],
)
def test_a_cluster_is_reloaded(changes, action):
    cluster = changed(exec_mode="cluster", inherited_env={"A": "old"})
    new = replace(cluster, inherited_env={"A": "new"}, **changes)

    [step] = steps_between({"web": cluster}, [new], whole=True, prune=False)

    assert step.action == action
    assert step.after.inherited_env == {"A": "old" if action == "scale" else "new"}


def test_what_is_new_is_created():
    assert steps([], an_app()) == [("web", "create", ())]
    assert steps_between({}, [an_app()], whole=True, prune=False)[0].after == an_app()


def test_a_step_holds_both_declarations():
    old, new = changed(source=FILE), changed(source=FILE, cwd="/tmp")
    gone = changed(name="gone", source=FILE)

    changing, leaving = steps_between({"web": old, "gone": gone}, [new], whole=True, prune=True)

    assert (changing.before, changing.after) == (old, new)
    assert (leaving.before, leaving.after) == (gone, None)


def test_what_left_its_file_is_found_and_deleted_only_when_asked():
    gone = changed(name="gone", source=FILE)
    others = [changed(name="other", source="/srv/other.toml"), changed(name="typed", source=None)]
    web = changed(source=FILE)

    assert steps([web, gone, *others], web) == [("web", "keep", ()), ("gone", "leave", ())]
    assert steps([web, gone, *others], web, prune=True)[1] == ("gone", "delete", ())
    assert steps([web, gone, *others], web, whole=False, prune=True) == [("web", "keep", ())]

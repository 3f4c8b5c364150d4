import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmdaemon.core.environment import child_environment, token_parts, unique_id
from pmdaemon.core.spec import RunAs
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.builders import NOW, a_process, an_app


def test_what_was_declared_beats_what_was_inherited():
    spec = an_app(inherited_env={"A": "inherited", "B": "inherited"}, env={"A": "declared"})

    environment = child_environment(a_process(spec=spec))

    assert (environment["A"], environment["B"]) == ("declared", "inherited")


def test_who_a_program_is_beats_what_was_declared():
    spec = an_app(name="web", namespace="shop", env={"PMDAEMON_ID": "99", "pm_id": "99"})

    environment = child_environment(a_process(spec=spec, pm_id=7, instance=2))

    assert {name: environment[name] for name in sorted(environment)} == {
        "NODE_APP_INSTANCE": "2",
        "PMDAEMON_ID": "7",
        "PMDAEMON_INSTANCE": "2",
        "PMDAEMON_NAME": "web",
        "PMDAEMON_NAMESPACE": "shop",
        "PYTHONUNBUFFERED": "1",
        "created_at": "1700000000000",
        "exec_mode": "fork_mode",
        "instances": "1",
        "name": "web",
        "namespace": "shop",
        "pm_cwd": "/srv",
        "pm_id": "7",
        "restart_time": "0",
        "status": "launching",
        "unique_id": unique_id(NOW.wall, 7),
    }


def test_what_pm2_tells_beats_what_was_inherited_and_not_what_was_declared():
    spec = an_app(
        name="web",
        exec_mode="cluster",
        inherited_env={"name": "outer", "exec_mode": "fork_mode"},
        env={"status": "fine"},
    )

    environment = child_environment(a_process(spec=spec))

    words = [environment[name] for name in ("name", "exec_mode", "status")]
    assert words == ["web", "cluster_mode", "fine"]


def test_an_id_that_is_unique_looks_like_one_of_pm2():
    ids = {unique_id(1700000000.25, 0), unique_id(1700000000.25, 1), unique_id(1700000001.0, 0)}

    assert unique_id(1700000000.25, 3) == "00060a24-1822-1090-0000-000000000003"
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)


def test_a_port_is_told_unless_another_was_declared():
    reserved = a_process(tcp_port=3000, spec=an_app(inherited_env={"PORT": "1"}))
    declared = a_process(tcp_port=3000, spec=an_app(env={"PORT": "8080"}))

    assert child_environment(reserved)["PORT"] == "3000"
    assert child_environment(declared)["PORT"] == "8080"
    assert "PORT" not in child_environment(a_process())


def test_output_of_python_is_not_buffered_unless_somebody_wants_that():
    inherited = a_process(spec=an_app(inherited_env={"PYTHONUNBUFFERED": ""}))

    assert child_environment(a_process())["PYTHONUNBUFFERED"] == "1"
    assert child_environment(inherited)["PYTHONUNBUFFERED"] == ""


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        ("home.3.12", ("home.3", 12)),
        ("home", ("home", 0)),
        ("a.b", ("a.b", 0)),
        ("", ("", 0)),
    ],
)
def test_a_token_tells_its_process_and_the_launch(token, parts):
    assert token_parts(token) == parts


def test_an_instance_is_told_its_number_by_a_variable_of_its_own():
    spec = an_app(instance_var="WORKER", increment_var="SHARD", env={"SHARD": "10"})

    environment = child_environment(a_process(spec=spec, instance=2))

    assert (environment["WORKER"], environment["SHARD"]) == ("2", "12")
    assert "NODE_APP_INSTANCE" not in environment


def test_it_may_be_counted_from_below_zero_and_with_space_around_it():
    spec = an_app(increment_var="SHARD", env={"SHARD": " -3 "})

    assert child_environment(a_process(spec=spec, instance=1))["SHARD"] == "-2"


@pytest.mark.parametrize("declared", [{}, {"SHARD": "x"}, {"SHARD": "9" * 19}])
def test_without_a_number_it_is_counted_from_zero(declared):
    spec = an_app(increment_var="SHARD", env=declared)

    assert child_environment(a_process(spec=spec, instance=1))["SHARD"] == "1"


def test_a_shared_port_is_told_to_every_instance():
    spec = an_app(exec_mode="cluster", tcp_ports=TcpPorts(3000, 3000))

    assert child_environment(a_process(spec=spec, instance=2))["PORT"] == "3000"


def test_what_stands_beside_another_is_told_the_id_that_users_know():
    environment = child_environment(a_process(pm_id=-4, replaces=3))

    assert (environment["PMDAEMON_ID"], environment["pm_id"]) == ("3", "3")


def test_who_runs_as_somebody_else_has_their_name_and_home():
    run_as = RunAs(user="app", home="/home/app", uid=1000)
    spec = an_app(run_as=run_as, inherited_env={"USER": "root", "HOME": "/root"})

    environment = child_environment(a_process(spec=spec))

    assert environment["USER"] == environment["LOGNAME"] == "app"
    assert environment["HOME"] == "/home/app"


variables = st.dictionaries(
    st.sampled_from(["A", "PATH", "PORT", "USER", "name", "status", "pm_id", "PMDAEMON_NAME"])
    | st.text(st.characters(exclude_characters="=\0"), min_size=1, max_size=5),
    st.text(max_size=5),
    max_size=6,
)


@given(inherited=variables, declared=variables)
@settings(max_examples=50)
def test_who_it_is_beats_what_is_declared_which_beats_what_is_inherited(inherited, declared):
    spec = an_app(inherited_env=inherited, env=declared)

    bare, environment = child_environment(a_process()), child_environment(a_process(spec=spec))

    told = {name for name in bare if name.startswith(("PMDAEMON_", "NODE_APP_", "pm_id"))}
    assert environment == {**inherited, **bare, **declared} | {
        "PYTHONUNBUFFERED": declared.get(
            "PYTHONUNBUFFERED", inherited.get("PYTHONUNBUFFERED", "1")
        ),
        **{name: bare[name] for name in told},
    }

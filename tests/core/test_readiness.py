import pytest

from pmdaemon.core.readiness import Sign, patience, sign
from pmdaemon.core.spec import Command, HealthCheck, Readiness, RestartPolicy
from tests.support.builders import a_process, an_app

TOLD = Readiness(told=True, timeout=8.0)
PYTHON = Command("app.py", (), None, ("/usr/bin/python3", "/srv/app.py"))


def process(*, beside=False, tcp_port=None, **app):
    replaces = 0 if beside else None
    restart = RestartPolicy(min_uptime=2.0)
    return a_process(replaces=replaces, tcp_port=tcp_port, spec=an_app(restart=restart, **app))


@pytest.mark.parametrize("beside", [False, True])
def test_what_was_declared_to_say_so_is_waited_for(beside):
    told = process(beside=beside, ready=TOLD, tcp_port=3000)

    assert (sign(told), patience(told)) == (Sign.TOLD, 8.0)


def test_what_is_simply_started_is_up_as_soon_as_it_runs():
    plain = process(tcp_port=3000, exec_mode="cluster")

    assert (sign(plain), patience(plain)) == (Sign.NONE, 0.0)


@pytest.mark.parametrize(
    "declared", [{"tcp_port": 3000, "command": PYTHON}, {"exec_mode": "cluster"}]
)
def test_what_replaces_another_is_to_listen_where_we_can_see_that(declared):
    new = process(beside=True, ready=Readiness(timeout=5.0), **declared)

    assert (sign(new), patience(new)) == (Sign.LISTENING, 5.0)


def test_any_other_that_replaces_another_is_to_live_for_a_while():
    new = process(beside=True, command=PYTHON, exec_mode="cluster")

    assert (sign(new), patience(new)) == (Sign.LIVING, 2.0)


@pytest.mark.parametrize(
    ("check", "tcp_port", "expected"),
    [
        (HealthCheck("http", "http://localhost:{port}/"), 3000, Sign.HEALTHY),
        (HealthCheck("command", "./check"), None, Sign.HEALTHY),
        (HealthCheck("http", "http://localhost:3000/"), 3000, Sign.LISTENING),
        (HealthCheck("tcp", "{port}"), None, Sign.LIVING),
    ],
)
def test_a_health_check_counts_where_it_cannot_mean_the_other_run(check, tcp_port, expected):
    new = process(beside=True, command=PYTHON, health=check, tcp_port=tcp_port)

    assert sign(new) is expected


def test_a_health_check_does_not_delay_what_is_simply_started():
    assert sign(process(health=HealthCheck("command", "./check"))) is Sign.NONE

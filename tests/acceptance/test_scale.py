"""`scale`: more instances, and fewer."""

import pytest

from tests.acceptance.conftest import FOREVER
from tests.acceptance.test_cluster import COMMONJS, all_that_answer
from tests.support.http_clients import failures_of, under_load
from tests.support.machine import needs
from tests.support.ports import answers
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home


def instances(pmdaemon):
    return [(one["pm_id"], one["instance"], one["state"]) for one in pmdaemon.list()]


def test_there_are_as_many_as_asked_for(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2")

    pmdaemon.run("scale", "app", "4")
    assert [number for _, number, _ in instances(pmdaemon)] == [0, 1, 2, 3]
    pmdaemon.run("scale", "app", "-3")
    assert instances(pmdaemon) == [(0, 0, "online")]
    pmdaemon.run("scale", "app", "+1")

    assert instances(pmdaemon) == [(0, 0, "online"), (4, 1, "online")]
    assert all(is_alive(one["pid"]) for one in pmdaemon.list())


def test_an_app_of_none_is_not_forgotten(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2")

    assert pmdaemon.run("scale", "app", "0").out.startswith("app has 0 instances up\n")
    assert instances(pmdaemon) == [(0, 0, "stopped")]

    pmdaemon.run("scale", "app", "2")
    assert [state for *_, state in instances(pmdaemon)] == ["online", "online"]


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        ("-3", "cannot have -1 instances: 0 to 1000 are possible"),
        ("10000", "cannot have 10000 instances: 0 to 1000 are possible"),
        ("two", "not a number of instances: two (as 4, +2 or -1)"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(pmdaemon, count, sentence):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2")
    before = instances(pmdaemon)

    assert pmdaemon.refused("scale", "app", count, status=2) == sentence
    assert instances(pmdaemon) == before


def test_more_instances_than_ports_are_refused(pmdaemon, port):
    pmdaemon.run("start", FOREVER, "--name", "app", "--port", str(port))

    refusal = pmdaemon.refused("scale", "app", "3", status=2)

    assert refusal == f"cannot have 3 instances of app: it has one TCP port ({port})"


@needs("node")
def test_no_request_fails_when_instances_of_a_cluster_go(pmdaemon, port):
    pmdaemon.script("app.js", COMMONJS.replace("PORT", str(port)))
    pmdaemon.run("start", "app.js", "--name", "web", "-i", "3", "--kill-timeout", "60s")
    eventually_sync(lambda: answers(port))

    with under_load(port) as clients:
        pmdaemon.run("scale", "web", "1")

    assert failures_of(clients) == []
    assert all_that_answer(port, 1) == {pmdaemon.pid("web")}

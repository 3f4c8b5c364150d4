"""Restart and reload over HTTP, onto the same ports and onto others."""

import pytest
import requests

from tests.acceptance.conftest import LISTENS
from tests.acceptance.test_cluster import COMMONJS, node
from tests.support.http_clients import bodies_of, failures_of, under_load
from tests.support.ports import answers, free_port, free_ports
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

KEY = {"X-API-Key": "sesame"}

UNHURRIED = ("--listen-timeout", "60s", "--kill-timeout", "60s")
"""On a busy machine a new run needs its time to come up, and an old one to finish."""


@pytest.fixture
def url(pmdaemon):
    port = free_port()
    pmdaemon.run("web", "--port", str(port), "--detach", PMDAEMON_API_KEY=KEY["X-API-Key"])
    return f"http://127.0.0.1:{port}"


def post(url, path, body=None):
    return requests.post(f"{url}/api/processes/{path}", json=body, headers=KEY, timeout=60)


def ports(url, name="web"):
    """Tell the ports of an app's instances as the API tells them."""
    found = requests.get(f"{url}/api/processes", params={"name": name}, headers=KEY, timeout=60)
    return [one["port"] for one in found.json()]


def pids(pmdaemon):
    return {one["pid"] for one in pmdaemon.list()}


@node
def test_no_request_fails_while_a_cluster_is_reloaded_over_http(pmdaemon, url, port):
    pmdaemon.script("app.js", COMMONJS.replace("PORT", str(port)))
    pmdaemon.run("start", "app.js", "--name", "web", "-i", "2", *UNHURRIED)
    eventually_sync(lambda: answers(port))
    before = pids(pmdaemon)

    with under_load(port) as clients:
        answer = post(url, "web/reload")

    assert (answer.status_code, answer.json()) == (
        200,
        {"success": True, "message": "Process reloaded successfully", "restarted": []},
    )
    assert failures_of(clients) == []
    assert len(bodies_of(clients)) > 2
    assert not before & pids(pmdaemon)
    assert not any(map(is_alive, before))


@pytest.mark.parametrize("action", ["restart", "reload"])
@pytest.mark.parametrize("form", [str, int], ids=["text", "number"])
def test_an_app_goes_to_another_port(pmdaemon, url, port, action, form):
    script = pmdaemon.script("app.py", LISTENS)
    pmdaemon.run("start", str(script), "--name", "web", "--port", str(port), *UNHURRIED)
    before, other = pids(pmdaemon), free_port()

    answer = post(url, f"web/{action}", {"port": form(other)})

    assert answer.status_code == 200, answer.text
    assert answer.json()["success"]
    assert ports(url) == [str(other)]
    eventually_sync(lambda: answers(other))
    assert not answers(port)
    assert not before & pids(pmdaemon)


@pytest.mark.parametrize("action", ["restart", "reload"])
@pytest.mark.parametrize("automatic", [False, True], ids=["range", "auto"])
def test_instances_go_to_ports_in_a_row(pmdaemon, url, action, automatic):
    former, first = free_ports(2), free_ports(4)
    script = pmdaemon.script("app.py", LISTENS)
    ours = f"{former}-{former + 1}"
    pmdaemon.run("start", str(script), "--name", "web", "-i", "2", "--port", ours, *UNHURRIED)

    wanted = f"auto:{first}-{first + 3}" if automatic else f"{first}-{first + 1}"
    answer = post(url, f"web/{action}", {"port": wanted})

    assert answer.status_code == 200, answer.text
    assert ports(url) == [str(first), str(first + 1)]
    eventually_sync(lambda: answers(first) and answers(first + 1))
    assert not answers(former)


def test_ports_that_cannot_be_change_nothing(pmdaemon, url, port):
    script = pmdaemon.script("app.py", LISTENS)
    pmdaemon.run("start", str(script), "--name", "web", "--port", str(port))
    web_port, before = url.rpartition(":")[2], pids(pmdaemon)

    unusable = ["0", "70000", "4003-4000", "auto:", "one", 3.5, [], -1]
    statuses = [post(url, "web/reload", {"port": one}).status_code for one in unusable]
    taken = post(url, "web/reload", {"port": web_port})

    assert statuses == [400] * len(unusable)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "TCP_PORT_TAKEN")
    assert pids(pmdaemon) == before
    eventually_sync(lambda: answers(port))

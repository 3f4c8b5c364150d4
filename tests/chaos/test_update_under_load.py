import pytest

from tests.support.daemon import a_daemon, until
from tests.support.http_clients import failures_of, get_on, under_load
from tests.support.machine import needs
from tests.support.ports import answers, free_port

pytestmark = [pytest.mark.posix, pytest.mark.slow]

UPDATES = 5

NODE_APP = """
const http = require('node:http');
const options = { keepAliveTimeout: 60_000 }; // however long a client is held up
http.createServer(options, (_, response) => response.end(String(process.pid)))
  .listen(process.env.PORT);
"""


def update(daemon, clients):
    """Have the daemon replaced, and all clients get on with the new one."""
    former = daemon.request("update")["pid"]
    until(lambda: daemon.request("ping")["pid"] != former)
    get_on(clients)


def test_an_update_refuses_and_fails_no_request(tmp_path):
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps({"name": "app", "script": "sleep", "args": ["100000"]})
        before = daemon.processes()["app"]["pid"]
        web = daemon.request("web", {"host": "127.0.0.1", "port": 0, "detach": True})
        port = int(web["url"].rpartition(":")[2])

        with under_load(port, "/api/status") as clients:
            for _ in range(UPDATES):
                update(daemon, clients)

        assert failures_of(clients) == []
        assert daemon.processes()["app"]["pid"] == before


@needs("node")
def test_an_update_refuses_and_fails_no_request_to_a_cluster(tmp_path):
    port = free_port()
    script = tmp_path / "app.js"
    script.write_text(NODE_APP)
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps({"name": "app", "script": str(script), "instances": 2, "port": port})
        until(lambda: answers(port))
        pids = {one["pid"] for one in daemon.request("list")["processes"]}

        with under_load(port) as clients:
            for _ in range(UPDATES):
                update(daemon, clients)

        assert failures_of(clients) == []
        assert {one["pid"] for one in daemon.request("list")["processes"]} == pids

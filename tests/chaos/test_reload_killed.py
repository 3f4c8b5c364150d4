import http.client
import os
import random
import signal
import threading
from contextlib import closing

import pytest

from pmdaemon.core.errors import PmdaemonError
from tests.chaos.seeds import a_seed, pass_a_while
from tests.chaos.test_update_under_load import NODE_APP
from tests.support.daemon import a_daemon, until
from tests.support.http_clients import failures_of, under_load
from tests.support.machine import needs
from tests.support.ports import answers, free_port
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.posix,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    needs("node"),
]

KILLS = 10
INSTANCES = 2


class Reloading:
    """Somebody who has the app reloaded, again and again."""

    def __init__(self, daemon):
        self._daemon = daemon
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.done = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.is_set():
            try:
                self._daemon.request("reload", {"selectors": ["app"]})
            except PmdaemonError:
                continue  # the daemon was killed, or has not ended the last one yet
            self.done += 1


def test_a_daemon_killed_during_reloads_costs_no_request_and_leaves_nobody_behind(tmp_path):
    rng = random.Random(a_seed())
    port = free_port()
    script = tmp_path / "app.js"
    script.write_text(NODE_APP)
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(
            {
                "name": "app",
                "script": str(script),
                "instances": INSTANCES,
                "port": port,
                "listen_timeout": "60s",
            }
        )
        until(lambda: answers(port))
        with under_load(port) as clients, Reloading(daemon) as reloading:
            for _ in range(KILLS):
                until(daemon.is_up)
                pass_a_while(rng, 1.5)
                # Left down after five deaths in a minute, until a command calls.
                eventually_sync(daemon.kill, within=60.0)
            eventually_sync(lambda: reloading.done)

        until(daemon.is_up)
        eventually_sync(lambda: is_whole(daemon))
        assert failures_of(clients) == []


def is_whole(daemon):
    """Tell whether there is one run of each instance, and nothing else."""
    processes = daemon.request("list")["processes"]
    online = [one["pid"] for one in processes if one["state"] == "online"]
    return len(online) == len(processes) == INSTANCES and daemon.programs() == set(online)


LEAVING = """
const http = require('node:http');
let latest;
http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  latest = request.socket;
  response.end(String(process.pid));
}).listen(process.env.PORT);
process.on('SIGUSR2', () => {  // what our preload does about an idle connection
  const handle = latest._handle;
  handle.readStop();
  const word = { cmd: 'NODE_PMDAEMON', act: 'hand', at: [null, Number(process.env.PORT)] };
  process.send(word, handle, {}, () => process.exit(0));
});
"""


def test_a_connection_of_a_run_that_left_while_no_daemon_was_there_is_served(tmp_path):
    port = free_port()
    script = tmp_path / "app.js"
    script.write_text(LEAVING)
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps({"name": "app", "script": str(script), "instances": 2, "port": port})
        until(lambda: answers(port))
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as client:
            leaving = asked(client)
            os.kill(daemon.keeper, signal.SIGSTOP)
            eventually_sync(daemon.kill)

            os.kill(leaving, signal.SIGUSR2)
            eventually_sync(lambda: not is_alive(leaving))
            os.kill(daemon.keeper, signal.SIGCONT)
            until(daemon.is_up)

            assert asked(client) != leaving


def asked(client):
    """Ask over the one connection who is there."""
    client.request("GET", "/")
    return int(client.getresponse().read())

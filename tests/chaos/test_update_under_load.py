import http.client
import itertools
import threading
from contextlib import ExitStack, closing

import pytest

from tests.support.daemon import a_daemon, until
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow, pytest.mark.timeout(120)]

UPDATES = 5

PATIENCE = 10.0
"""Seconds after which a client takes a request for lost."""


class HttpClient:
    """Asks for the status, one request after the other, over one connection or over fresh ones.

    A connection that was announced as closing is replaced, as every client does (RFC 9112, 9.6);
    a connection that fails in any other way is a failure.
    """

    def __init__(self, port, *, keep_alive):
        self._port, self._keep_alive = port, keep_alive
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers = 0
        self.failures = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        with closing(connection):
            while not self._over.is_set():
                if self._ask(connection) or not self._keep_alive:
                    connection.close()  # the next request opens another

    def _ask(self, connection):
        """Make one request; return whether the connection is over."""
        try:
            connection.request("GET", "/api/status")
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(repr(error))
            return True
        self.answers += 1
        if response.status != 200:
            self.failures.append(response.status)
        return response.will_close


def test_an_update_refuses_and_fails_no_request(tmp_path):
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps({"name": "app", "script": "sleep", "args": ["100000"]})
        before = daemon.processes()["app"]["pid"]
        web = daemon.request("web", {"host": "127.0.0.1", "port": 0, "detach": True})
        port = int(web["url"].rpartition(":")[2])
        clients = [HttpClient(port, keep_alive=n % 2 == 0) for n in range(8)]

        with ExitStack() as stack:
            for one in clients:
                stack.enter_context(one)
            for _ in range(UPDATES):
                former = daemon.request("update")["pid"]
                until(lambda pid=former: daemon.request("ping")["pid"] != pid)
                answered = [one.answers for one in clients]
                # Every client gets on with the new daemon.
                eventually_sync(
                    lambda seen=answered: all(
                        one.answers > n + 5 for one, n in zip(clients, seen, strict=True)
                    )
                )

        failures = list(itertools.chain.from_iterable(one.failures for one in clients))
        assert failures == []
        assert daemon.processes()["app"]["pid"] == before

"""Clients that ask one thing after the other, and count what fails.

with under_load(port) as clients:
    ...
assert failures_of(clients) == []
"""

import http.client
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from tests.support.waiting import eventually_sync

PATIENCE = 60.0
"""Seconds after which a client takes a request for lost."""


class HttpClient:
    """Asks for one path, one request after the other, over one connection or over fresh ones.

    A connection that was announced as closing is replaced, as every client does (RFC 9112, 9.6);
    a connection that fails in any other way is a failure.
    """

    def __init__(
        self, port: int, path: str = "/", *, keep_alive: bool, host: str | None = None
    ) -> None:
        self._headers = {} if host is None else {"Host": host}
        self._port, self._path, self._keep_alive = port, path, keep_alive
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers = 0
        self.bodies: set[bytes] = set()
        self.failures: list[object] = []

    def __enter__(self) -> "HttpClient":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        with closing(connection):
            while not self._over.is_set():
                if self._ask(connection) or not self._keep_alive:
                    connection.close()  # the next request opens another

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        """Make one request; return whether the connection is over."""
        try:
            connection.request("GET", self._path, headers=self._headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            kind = "kept connection" if self._keep_alive else "fresh connection"
            stage = "connecting" if connection.sock is None else "asking"
            self.failures.append((kind, stage, self.answers, repr(error)))
            return True
        self.answers += 1
        if self._path == "/":
            self.bodies.add(body)
        if response.status != 200:
            self.failures.append(response.status)
        return response.will_close


@contextmanager
def under_load(
    port: int, path: str = "/", *, host: str | None = None
) -> Iterator[list[HttpClient]]:
    """Have 4 clients that keep their connections and 4 that do not ask all the time."""
    clients = [HttpClient(port, path, keep_alive=n % 2 == 0, host=host) for n in range(8)]
    with ExitStack() as stack:
        for one in clients:
            stack.enter_context(one)
        get_on(clients)
        yield clients
        get_on(clients)


def get_on(clients: Sequence[HttpClient]) -> None:
    """Wait until every client has got a few more answers."""
    seen = [one.answers for one in clients]
    eventually_sync(lambda: all(one.answers > n + 5 for one, n in zip(clients, seen, strict=True)))


def failures_of(clients: Sequence[HttpClient]) -> list[object]:
    """List what failed."""
    return list(itertools.chain.from_iterable(one.failures for one in clients))


def bodies_of(clients: Sequence[HttpClient]) -> set[bytes]:
    """List what was answered."""
    return set().union(*(one.bodies for one in clients))

"""Streams of prox's API that outlive the daemon they came from."""

import http.client
import json
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.support.ports import free_port
from tests.support.waiting import eventually_sync

COUNTER = """
import itertools, time
for number in itertools.count():
    print("line", number, flush=True)
    time.sleep(0.002)
"""


class Stream:
    """A client of an event stream that goes on where it was, as a browser does."""

    def __init__(self, url: str, path: str) -> None:
        self._url, self._path = urlsplit(url), path
        self.last_id = ""
        self.events: list[tuple[str, object]] = []

    def read(self, until) -> None:
        """Connect, and read until a condition holds for what came, or the stream ends."""
        address = self._url.hostname, self._url.port
        with closing(http.client.HTTPConnection(*address, timeout=60)) as connection:
            headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
            connection.request("GET", f"/api/v1{self._path}", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200
            kind, data = "message", None
            while not until(self.events) and (line := answer.readline()):
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "id":
                    self.last_id = value
                elif name == "event":
                    kind = value
                elif name == "data":
                    data = json.loads(value)
                elif not name:
                    if data is not None:
                        self.events.append((kind, data))
                    kind, data = "message", None

    @property
    def numbers(self) -> list[int]:
        return [int(data["line"].split()[1]) for kind, data in self.events if kind == "message"]


@pytest.fixture
def url(pmdaemon):
    return pmdaemon.run("web", "--port", "0", "--detach", "--rate-limit", "off", "--json").json[
        "url"
    ]


@pytest.fixture
def stream(pmdaemon, url):
    pmdaemon.script("counter.py", COUNTER)
    pmdaemon.run("start", "counter.py", "--name", "counter")
    return Stream(url, "/logs/stream?process=counter")


def came(stream, count):
    seen = len(stream.events)
    return lambda events: len(events) >= seen + count


@pytest.mark.parametrize("how", ["update", "crash"])
def test_lines_are_gone_on_with_where_the_client_was_when_the_daemon_is_replaced(
    pmdaemon, stream, how
):
    stream.read(came(stream, 100))

    if how == "update":
        pmdaemon.run("update")
    else:
        pmdaemon.kill_daemon()
    stream.read(came(stream, 100))

    first, *_ = stream.numbers
    assert stream.numbers == list(range(first, first + len(stream.numbers)))


def test_lines_that_are_gone_are_told_as_a_gap(pmdaemon, stream):
    stream.read(came(stream, 10))
    pmdaemon.run("update")
    pmdaemon.run("flush", "counter")

    stream.read(lambda events: any(kind == "gap" for kind, _ in events))

    [gap] = [data for kind, data in stream.events if kind == "gap"]
    assert gap["process"] == "counter"


def test_requests_of_a_former_daemon_are_told_as_a_gap(pmdaemon, url):
    port = free_port()
    pmdaemon.run("proxy", "on", "--host", "127.0.0.1", "--http", str(port))
    stream = Stream(url, "/proxy/requests/stream")
    stream.read(lambda _: stream.last_id)

    pmdaemon.run("update")
    eventually_sync(lambda: pmdaemon.run("proxy", "status", "--json").json["urls"])
    stream.read(lambda events: any(kind == "gap" for kind, _ in events))

    assert [kind for kind, _ in stream.events] == ["connected", "connected", "gap"]

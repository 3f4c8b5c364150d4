"""Programs behind the proxy that are started anew while clients ask."""

import http.client
import sys
import threading
from contextlib import closing

import pytest

from tests.support.http_clients import bodies_of, failures_of, get_on, under_load
from tests.support.ports import free_port, free_ports
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

SERVER = """
import os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PIECES = 64

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = str(os.getpid()).encode()
        self.send_response(200)
        if self.path == "/download":
            self.send_header("Content-Length", str(PIECES * 65536))
            self.end_headers()
            for number in range(PIECES):
                if number == 8:
                    Path("began").touch()
                    gate.wait()
                self.wfile.write(bytes([number]) * 65536)
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/open":  # after the answer, as we are killed once the download is whole
            gate.set()

    def log_message(self, *_):
        pass

gate = threading.Event()
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def proxy(pmdaemon):
    """A proxy that listens on a free port."""
    port = free_port()
    pmdaemon.run("proxy", "on", "--host", "127.0.0.1", "--http", str(port))
    return port


def publish(pmdaemon, ports, *options):
    """Start a server, and have the proxy answer for it at this machine's address."""
    pmdaemon.script("server.py", SERVER)
    pmdaemon.run(
        "start", "server.py", "--name", "web", "--interpreter", sys.executable,
        "--port", ports, "--stop-signal", "SIGKILL", "--listen-timeout", "60s", *options,
    )  # fmt: skip
    pmdaemon.run("proxy", "add", "127.0.0.1", "web")


def a_range(count):
    """Choose so many ports in a row."""
    first = free_ports(count)
    return f"auto:{first}-{first + count - 1}" if count > 1 else str(first)


def get(port, path="/"):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read()


@pytest.mark.parametrize(
    ("ports", "options", "verb"),
    [
        (41, ("-i", "2"), "reload"),
        (41, (), "reload"),
        (1, (), "reload"),
        (1, (), "restart"),
    ],
    ids=["a cluster", "one with another port", "one with one port", "a restart"],
)
def test_no_request_fails_while_a_program_is_started_anew(pmdaemon, proxy, ports, options, verb):
    publish(pmdaemon, a_range(ports), *options)
    eventually_sync(lambda: get(proxy).isdigit())
    before = {one["pid"] for one in pmdaemon.list()}

    with under_load(proxy) as clients:
        for _ in range(3):
            pmdaemon.run(verb, "web")
            get_on(clients)

    assert failures_of(clients) == []
    assert len(bodies_of(clients)) > 2
    assert not any(map(is_alive, before))


def test_a_download_that_was_begun_ends_whole(pmdaemon, proxy):
    publish(pmdaemon, a_range(41))
    former = int(get(proxy))
    got = []
    download = threading.Thread(target=lambda: got.append(get(proxy, "/download")))
    download.start()
    eventually_sync((pmdaemon.work / "began").exists)
    [(target,)] = [
        one["targets"] for one in pmdaemon.run("proxy", "status", "--json").json["services"]
    ]

    reloading = pmdaemon.begin("reload", "web")
    eventually_sync(lambda: int(get(proxy)) != former)
    assert is_alive(former)
    get(target["port"], "/open")
    download.join()
    reloading.end()

    assert got == [b"".join(bytes([number]) * 65536 for number in range(64))]
    eventually_sync(lambda: not is_alive(former))


def test_a_download_that_takes_too_long_is_given_up_after_the_time_that_was_declared(
    pmdaemon, proxy
):
    publish(pmdaemon, a_range(41), "--drain-timeout", "200ms")
    former = int(get(proxy))
    failed = []

    def ask():
        try:
            get(proxy, "/download")
        except http.client.IncompleteRead as error:
            failed.append(error)

    download = threading.Thread(target=ask)
    download.start()
    eventually_sync((pmdaemon.work / "began").exists)

    pmdaemon.run("reload", "web")
    download.join()

    assert len(failed) == 1
    assert not is_alive(former)

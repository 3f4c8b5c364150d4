"""Large transfers through the proxy, and the memory of the daemon meanwhile."""

import http.client
import socket
import sys
import threading
from contextlib import closing

import psutil
import pytest

from tests.support.ports import free_port
from tests.support.running import daemon_pid
from tests.support.waiting import eventually_sync

MIB = 2**20
LARGE = 256 * MIB
PIECE = b"x" * 65536

MOST_GROWTH = 24 * MIB
"""A tenth of what goes through, and several times what the buffers of a few connections take."""

SERVER = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = b"x" * 65536

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        size = int(self.path[1:])
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for _ in range(size // len(PIECE)):
            self.wfile.write(PIECE)

    def do_POST(self):
        size = left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 65536)))
        body = str(size).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # its client had enough

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


class Transfers:
    def __init__(self, port, daemon):
        self._port = port
        self._daemon = psutil.Process(daemon)

    def memory(self):
        return self._daemon.memory_info().rss

    def download(self, size):
        """Read so much, and return the most memory that the daemon had meanwhile."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as client:
            client.request("GET", f"/{size}")
            response = client.getresponse()
            most, read = self.memory(), 0
            while data := response.read(MIB):
                read += len(data)
                most = max(most, self.memory())
            assert read == size
            return most

    def upload(self, size):
        def pieces():
            for sent in range(0, size, len(PIECE)):
                if sent % MIB == 0:
                    seen.append(self.memory())
                yield PIECE

        seen = []
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as client:
            client.request("POST", "/", pieces(), {"Content-Length": str(size)})
            assert client.getresponse().read() == str(size).encode()
        return max(seen)


@pytest.fixture
def transfers(pmdaemon):
    port = free_port()
    pmdaemon.run("proxy", "on", "--host", "127.0.0.1", "--http", str(port), "--capture", "64K")
    pmdaemon.script("server.py", SERVER)
    pmdaemon.run(
        "start", "server.py", "--name", "web", "--interpreter", sys.executable,
        "--port", str(free_port()),
    )  # fmt: skip
    pmdaemon.run("proxy", "add", "127.0.0.1", "web")
    transfers = Transfers(port, daemon_pid(pmdaemon.home))
    transfers.download(4 * MIB)
    transfers.upload(4 * MIB)
    transfers.port = port
    return transfers


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_what_goes_through_is_not_kept(transfers, direction):
    before = transfers.memory()

    most = getattr(transfers, direction)(LARGE)

    assert most - before < MOST_GROWTH


def test_who_does_not_read_is_not_read_for(transfers):
    before = transfers.memory()
    with closing(socket.create_connection(("127.0.0.1", transfers.port), timeout=60)) as idle:
        idle.sendall(b"GET /%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % (4 * LARGE))
        assert idle.recv(16, socket.MSG_PEEK)

        most = transfers.download(LARGE)

        assert most - before < MOST_GROWTH


def test_several_at_a_time_are_not_kept_either(transfers):
    before, found = transfers.memory(), []
    threads = [
        threading.Thread(target=lambda: found.append(transfers.download(LARGE // 4)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert max(found) - before < MOST_GROWTH
    eventually_sync(lambda: transfers.memory() - before < MOST_GROWTH)

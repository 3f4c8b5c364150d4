"""A cluster of `pup.json` whose instances have ports of their own, and one in common."""

import http.client
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

import pytest

from tests.support.ports import answers, free_port, free_ports
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

SERVER = """
import os, signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

instance = os.environ["PUP_CLUSTER_INSTANCE"]
reached = os.open(f"reached-{instance}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        os.write(reached, f"{self.path}\\n".encode())
        body = f"{instance} {os.getpid()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer.request_queue_size = 128
address = "127.0.0.1", int(os.environ["PUP_CLUSTER_PORT"])
ThreadingHTTPServer(address, Handler).serve_forever()
"""

CLIENTS = 6


@dataclass
class Asking:
    """Requests over fresh connections, one after the other, each with a path of its own."""

    port: int
    number: int
    answers: list[str] = field(default_factory=list)
    failed: dict[str, float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        count = 0
        while not self.over.is_set():
            count += 1
            path, began = f"/{self.number}-{count}", time.monotonic()
            try:
                self.answers.append(ask(self.port, path))
            except (OSError, http.client.HTTPException):
                self.failed[path] = began


def ask(port: int, path: str = "/") -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read().decode()


@contextmanager
def load(port: int) -> Iterator[list[Asking]]:
    """Have clients ask all the time, until each of them has gone on for a while."""
    clients = [Asking(port, number) for number in range(CLIENTS)]
    with ExitStack() as stack:
        for one in clients:
            thread = threading.Thread(target=one.run)
            thread.start()
            stack.callback(thread.join)
            stack.callback(one.over.set)
        go_on(clients)
        yield clients
        go_on(clients)


def go_on(clients: list[Asking]) -> None:
    seen = [len(one.answers) for one in clients]
    eventually_sync(
        lambda: all(len(one.answers) > n + 10 for one, n in zip(clients, seen, strict=True))
    )


def failed(clients: list[Asking]) -> dict[str, float]:
    return {path: began for one in clients for path, began in one.failed.items()}


@pytest.fixture
def common(pmdaemon):
    """Start three instances, and return the port that they have in common."""
    port = free_ports(4)
    cluster = {"instances": 3, "startPort": port + 1, "commonPort": port}
    process = {
        "id": "web", "cmd": f"{sys.executable} server.py", "autostart": True,
        "restartDelayMs": 50, "cluster": cluster,
    }  # fmt: skip
    pmdaemon.script("server.py", SERVER)
    pmdaemon.script("pup.json", json.dumps({"processes": [process]}))
    pmdaemon.run("start", "pup.json")
    eventually_sync(lambda: len({ask(port).split()[0] for _ in range(3)}) == 3)
    return port


def test_instances_get_connections_by_turns(pmdaemon, common):
    assert [ask(common).split()[0] for _ in range(6)][:3] != ["0", "0", "0"]

    status = pmdaemon.run("proxy").lines

    assert status[0] == f"web is balanced at localhost:{common}"
    [service] = pmdaemon.run("proxy", "status", "--json").json["services"]
    assert (service["declared"], service["strategy"]) == (True, "round-robin")
    assert [one["state"] for one in service["targets"]] == ["healthy"] * 3


def test_killing_one_of_three_fails_no_request_that_had_not_reached_it(pmdaemon, common):
    victim = pmdaemon.process("web", 1)["pid"]

    with load(common) as clients:
        os.kill(victim, signal.SIGKILL)
        eventually_sync(lambda: not is_alive(victim))
        gone = time.monotonic()
        go_on(clients)
        eventually_sync(
            lambda: any(
                one.startswith("1 ") and not one.endswith(f" {victim}")
                for client in clients
                for one in client.answers[-20:]
            )
        )

    survivors = {
        path
        for instance in (0, 2)
        for path in (pmdaemon.work / f"reached-{instance}").read_text().splitlines()
    }
    assert not failed(clients).keys() & survivors
    assert all(began < gone for began in failed(clients).values())
    assert len(failed(clients)) <= CLIENTS


@pytest.mark.parametrize("verb", ["restart", "reload"])
def test_instances_finish_what_they_have_before_they_are_started_anew(pmdaemon, common, verb):
    before = {pmdaemon.process("web", one)["pid"] for one in range(3)}

    with load(common) as clients:
        pmdaemon.run(verb, "web")

    assert failed(clients) == {}
    assert not before & {pmdaemon.process("web", one)["pid"] for one in range(3)}


def test_a_daemon_that_takes_over_loses_no_connection(pmdaemon, common):
    with load(common) as clients:
        pmdaemon.kill_daemon()
        gone = time.monotonic()
        go_on(clients)

    assert all(began < gone for began in failed(clients).values())
    assert pmdaemon.run("proxy").lines[0] == f"web is balanced at localhost:{common}"


def test_it_is_balanced_no_more_when_it_is_deleted(pmdaemon, common):
    pmdaemon.run("delete", "web")

    assert not answers(common)


def test_a_common_port_that_is_taken_is_refused_before_anything_is_started(pmdaemon, common):
    cluster = {"instances": 1, "startPort": free_port(), "commonPort": common}
    process = {"id": "other", "cmd": "sleep 1000", "autostart": True, "cluster": cluster}
    pmdaemon.script("other.json", json.dumps({"processes": [process]}))

    sentence = pmdaemon.run("start", "other.json", status=1).err

    assert f"port {common} is where web is balanced already" in sentence
    assert [one["name"] for one in pmdaemon.list()] == ["web"] * 3
